//! What the public routes of user are for, take and give.

use chassis::description::{Chapter, Field, Given, Kind, Object, Operation, PAGE, PAGINATION, always, maybe};

const WRONG: (u16, &str) = (400, "A field is wrong; `errors` names each");
const WRONG_ID: (u16, &str) = (400, "The id or a field is wrong");
const NOT_ADMIN: (u16, &str) = (403, "Only administrators may");
const UNKNOWN: (u16, &str) = (404, "There is no such user");
const TAKEN: (u16, &str) = (409, "The e-mail or the username is taken");
const USERNAME: Field = maybe("username", Kind::Text, "3 to 64 characters");
const BIO: Field = maybe("bio", Kind::TextOrNull, "250 characters at most; null clears it");
const AVATAR: Field = maybe("avatar", Kind::TextOrNull, "An http or https URL; null clears it");

/// The part of the API that user answers.
pub static DESCRIPTION: Chapter = Chapter {
    name: "users",
    operations: &[
        Operation::new("GET", "/api/users/me", "The own profile")
            .with_token()
            .gives(200, Given::Data("UserData")),
        Operation::new("PATCH", "/api/users/update-me", "Change the own profile")
            .with_token()
            .takes("ProfileChange", r#"{"bio":"Counting on engines."}"#)
            .gives(200, Given::Data("UserData"))
            .refuses(&[WRONG, (409, "The username is taken")]),
        Operation::new("DELETE", "/api/users/delete-me", "Deactivate the own account")
            .with_token()
            .gives(204, Given::Nothing),
        Operation::new("GET", "/api/users", "All users, inactive ones too")
            .with_token()
            .asks(&PAGE)
            .gives(200, Given::List("UsersData"))
            .refuses(&[(400, "A parameter is wrong"), NOT_ADMIN]),
        Operation::new("GET", "/api/users/{id}", "One user")
            .with_token()
            .gives(200, Given::Data("UserData"))
            .refuses(&[WRONG_ID, NOT_ADMIN, UNKNOWN]),
        Operation::new("PATCH", "/api/users/{id}", "Change a user")
            .with_token()
            .takes("UserChange", r#"{"role":"admin"}"#)
            .gives(200, Given::Data("UserData"))
            .refuses(&[WRONG_ID, NOT_ADMIN, UNKNOWN, TAKEN]),
        Operation::new("DELETE", "/api/users/{id}", "Delete a user and all their notes")
            .with_token()
            .gives(204, Given::Nothing)
            .refuses(&[WRONG_ID, NOT_ADMIN, UNKNOWN]),
    ],
    objects: &[
        Object {
            name: "User",
            fields: &[
                always("_id", Kind::Text, "24 hexadecimal digits"),
                always("email", Kind::Text, "In lower case"),
                always("username", Kind::Text, "Unique in any case"),
                always("bio", Kind::TextOrNull, "A few words"),
                always("avatar", Kind::TextOrNull, "The URL of a picture"),
                always("role", Kind::OneOf(&["user", "admin"]), "What they may do"),
                maybe("isActive", Kind::Flag, "Whether the account is in use; shown to administrators"),
                always("createdAt", Kind::Instant, "When they registered"),
                always("updatedAt", Kind::Instant, "When the profile last changed"),
            ],
        },
        Object { name: "UserData", fields: &[always("user", Kind::One("User"), "The user")] },
        Object {
            name: "UsersData",
            fields: &[
                always("users", Kind::Many("User"), "The users of this page"),
                always("pagination", Kind::One("Pagination"), "Where this page is"),
            ],
        },
        Object { name: "ProfileChange", fields: &[USERNAME, BIO, AVATAR] },
        Object {
            name: "UserChange",
            fields: &[
                USERNAME,
                BIO,
                AVATAR,
                maybe("email", Kind::Text, "The new e-mail"),
                maybe("role", Kind::OneOf(&["user", "admin"]), "What they may do"),
                maybe("isActive", Kind::Flag, "Whether the account is in use"),
            ],
        },
        PAGINATION,
    ],
};
