//! What the public routes of auth are for, take and give.

use chassis::description::{Chapter, Field, Given, Kind, Object, Operation, always, maybe};

const WRONG: (u16, &str) = (400, "A field is wrong; `errors` names each");
const PASSWORD: Field =
    always("password", Kind::Text, "At least 8 characters (15 with --strict), 256 at most");
const EMAIL: Field = always("email", Kind::Text, "In any case; kept in lower case");

/// The part of the API that auth answers.
pub static DESCRIPTION: Chapter = Chapter {
    name: "auth",
    operations: &[
        Operation::new("POST", "/api/auth/register", "Get an account")
            .takes("Registration", r#"{"email":"ada@example.test","password":"correct horse battery"}"#)
            .gives(201, Given::Token)
            .refuses(&[
                WRONG,
                (409, "The e-mail or the username is taken"),
                (422, "The Idempotency-Key was used for another registration"),
                (503, "Not possible now; nothing is left behind"),
            ]),
        Operation::new("POST", "/api/auth/login", "Log in")
            .takes("Credentials", r#"{"email":"ada@example.test","password":"correct horse battery"}"#)
            .gives(200, Given::Token)
            .refuses(&[
                WRONG,
                (401, "E-mail and password do not belong together"),
                (403, "The account is deactivated"),
                (503, "Too many are logging in"),
            ]),
        Operation::new(
            "POST",
            "/api/auth/forgot-password",
            "Have a reset link mailed, if there is an account",
        )
        .takes("Forgotten", r#"{"email":"ada@example.test"}"#)
        .gives(200, Given::Message)
        .refuses(&[WRONG]),
        Operation::new(
            "PATCH",
            "/api/auth/reset-password/{token}",
            "Choose a new password with a mailed token",
        )
        .takes("NewPassword", r#"{"password":"another good password"}"#)
        .gives(200, Given::Token)
        .refuses(&[
            (400, "A field is wrong, or the token is invalid or has expired"),
            (404, "The token is no part of a path"),
        ]),
        Operation::new(
            "PATCH",
            "/api/auth/update-password",
            "Change the own password; all other sessions end",
        )
        .with_token()
        .takes(
            "PasswordChange",
            r#"{"currentPassword":"correct horse battery","newPassword":"another good password"}"#,
        )
        .gives(200, Given::Token)
        .refuses(&[WRONG]),
    ],
    objects: &[
        Object {
            name: "Registration",
            fields: &[
                EMAIL,
                PASSWORD,
                maybe("username", Kind::Text, "3 to 64 characters; made from the e-mail if absent"),
                maybe("bio", Kind::TextOrNull, "250 characters at most"),
                maybe("avatar", Kind::TextOrNull, "An http or https URL"),
            ],
        },
        Object { name: "Credentials", fields: &[EMAIL, always("password", Kind::Text, "The password")] },
        Object { name: "Forgotten", fields: &[EMAIL] },
        Object { name: "NewPassword", fields: &[PASSWORD] },
        Object {
            name: "PasswordChange",
            fields: &[
                always("currentPassword", Kind::Text, "The present password"),
                always("newPassword", Kind::Text, "At least 8 characters (15 with --strict), 256 at most"),
            ],
        },
    ],
};
