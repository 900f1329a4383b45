//! What the routes of control are for, take and give.

use chassis::description::{Chapter, Field, Given, Kind, Object, Operation, always, maybe};

const WRONG: (u16, &str) = (400, "A field is wrong; `errors` names each");
const UNKNOWN: (u16, &str) = (404, "There is none of that name");
const AWAY: (u16, &str) = (503, "A service does not answer");
const ELSEWHERE: (u16, &str) = (409, "A service is not under control, or not of this process");
const MAILS: [Field; 3] = [
    maybe("to", Kind::Text, "The recipient"),
    maybe("kind", Kind::Text, "Why it was written, such as reset"),
    maybe("after", Kind::Text, "Only mails after the one with this id"),
];

/// The part of the API that steers a world.
pub(crate) static DESCRIPTION: Chapter =
    Chapter { name: "control", operations: &OPERATIONS, objects: &OBJECTS };

static OPERATIONS: [Operation; 20] = [
    Operation::new("GET", "/control", "What there is to steer").gives(200, Given::Data("World")),
    Operation::new("GET", "/control/clock", "The calendar of all services").gives(200, Given::Data("Clock")),
    Operation::new("PUT", "/control/clock", "Stop, set, advance or release the calendar of all services")
        .takes("ClockChange", r#"{"advanceMs":660000}"#)
        .gives(200, Given::Data("Clock"))
        .refuses(&[WRONG, ELSEWHERE, AWAY]),
    Operation::new("POST", "/control/reset", "Back to the state after the start")
        .gives(200, Given::Data("Took"))
        .refuses(&[ELSEWHERE, AWAY]),
    Operation::new("GET", "/control/snapshots", "The snapshots that there are")
        .gives(200, Given::List("Snapshots")),
    Operation::new("PUT", "/control/snapshots/{name}", "Keep the state of the whole world under a name")
        .gives(201, Given::Data("Took"))
        .refuses(&[WRONG, ELSEWHERE, AWAY]),
    Operation::new("DELETE", "/control/snapshots/{name}", "Forget a snapshot")
        .gives(204, Given::Nothing)
        .refuses(&[UNKNOWN, AWAY]),
    Operation::new("POST", "/control/snapshots/{name}/restore", "Back to a snapshot")
        .gives(200, Given::Data("Took"))
        .refuses(&[UNKNOWN, ELSEWHERE, AWAY]),
    Operation::new("POST", "/control/fixtures", "Add accounts and notes")
        .takes("Fixture", r#"{"users":[],"notes":[]}"#)
        .gives(201, Given::Data("Loaded"))
        .refuses(&[WRONG, AWAY]),
    Operation::new("GET", "/control/mail", "The mails that were kept, oldest first")
        .asks(&MAILS)
        .gives(200, Given::Data("Mails"))
        .refuses(&[WRONG, AWAY]),
    Operation::new("DELETE", "/control/mail", "Let mails go")
        .asks(&MAILS)
        .gives(204, Given::Nothing)
        .refuses(&[WRONG, AWAY]),
    Operation::new("GET", "/control/mail/wait", "The newest such mail, as soon as it is there")
        .asks(&[
            MAILS[0],
            MAILS[1],
            MAILS[2],
            maybe("timeoutMs", Kind::Count, "How long to wait, 10,000 unless said, 60,000 at most"),
        ])
        .gives(200, Given::Data("MailData"))
        .refuses(&[
            WRONG,
            (408, "No such mail came in time"),
            (503, "Too many wait, or auth does not answer"),
        ]),
    Operation::new("POST", "/control/tokens", "Log in as anyone, also too late or too early")
        .takes("TokenOrder", r#"{"email":"ada@example.test","expiresInSeconds":-1}"#)
        .gives(201, Given::Data("TokenData"))
        .refuses(&[WRONG, (404, "There is no such account"), AWAY]),
    Operation::new("GET", "/control/faults", "The faults in force and how often each was met")
        .gives(200, Given::Data("FaultsInForce"))
        .refuses(&[ELSEWHERE, AWAY]),
    Operation::new(
        "PUT",
        "/control/faults",
        "Have calls between services fail; these faults replace all others",
    )
    .takes(
        "FaultPlan",
        r#"{"seed":7,"faults":[{"from":"gateway","to":"notes","kind":"status","status":503,"nth":1}]}"#,
    )
    .gives(200, Given::Data("FaultsInForce"))
    .refuses(&[WRONG, ELSEWHERE, AWAY]),
    Operation::new("DELETE", "/control/faults", "No more faults")
        .gives(204, Given::Nothing)
        .refuses(&[ELSEWHERE, AWAY]),
    Operation::new("GET", "/control/traces", "The hops of requests, the newest 4,096 of each service")
        .asks(&[maybe("requestId", Kind::Text, "Only the request with this X-Request-Id")])
        .gives(200, Given::Data("Traces"))
        .refuses(&[WRONG, ELSEWHERE, AWAY]),
    Operation::new(
        "GET",
        "/control/traces/stream",
        "Each trace as its request ends, as an event named trace",
    )
    .gives(200, Given::Events("Trace"))
    .refuses(&[ELSEWHERE, AWAY]),
    Operation::new("POST", "/control/services/{name}/stop", "A service goes, as if its process had ended")
        .refuses(&[UNKNOWN, ELSEWHERE, AWAY]),
    Operation::new("POST", "/control/services/{name}/start", "A stopped service comes back")
        .refuses(&[UNKNOWN, ELSEWHERE, AWAY]),
];

static OBJECTS: [Object; 21] = [
    Object {
        name: "World",
        fields: &[
            always("services", Kind::Many("Service"), "All four, outermost first"),
            always("dataDir", Kind::Text, "Where this process keeps its data"),
            always("profile", Kind::Text, "Its limits and costs"),
            always("clock", Kind::One("Clock"), "The calendar"),
            always("version", Kind::Text, "Of the program"),
        ],
    },
    Object {
        name: "Service",
        fields: &[
            always("name", Kind::OneOf(&SERVICES), "Which one"),
            always("url", Kind::Text, "Where it is"),
            always("state", Kind::OneOf(&["running", "stopped"]), "Whether it is there"),
            always("ready", Kind::Flag, "Whether it answers"),
        ],
    },
    Object {
        name: "Clock",
        fields: &[
            always("mode", Kind::OneOf(&MODES), "Whether it goes"),
            always("now", Kind::Instant, "What it shows"),
        ],
    },
    Object {
        name: "ClockChange",
        fields: &[
            maybe("mode", Kind::OneOf(&MODES), "Whether it goes from now on"),
            maybe("now", Kind::Instant, "Where to stop it, here if absent; with mode frozen"),
            maybe("advanceMs", Kind::Count, "How much later it shall be; alone"),
        ],
    },
    Object { name: "Took", fields: &[always("tookMs", Kind::Count, "How long it took")] },
    Object { name: "Snapshots", fields: &[always("snapshots", Kind::Many("Snapshot"), "By their names")] },
    Object {
        name: "Snapshot",
        fields: &[
            always("name", Kind::Text, "Its name"),
            always("takenAt", Kind::Instant, "When it was taken, by the calendar of the world"),
        ],
    },
    Object { name: "Fixture", fields: &[] },
    Object {
        name: "Loaded",
        fields: &[
            always("accounts", Kind::Count, "Accounts that were not there before"),
            always("profiles", Kind::Count, "Profiles that were not there before"),
            always("notes", Kind::Count, "Notes that were not there before"),
        ],
    },
    Object {
        name: "Mails",
        fields: &[
            always("mails", Kind::Many("Mail"), "Oldest first"),
            always("hasMore", Kind::Flag, "Whether asking for those after the last gives more"),
        ],
    },
    Object { name: "MailData", fields: &[always("mail", Kind::One("Mail"), "The mail")] },
    Object {
        name: "Mail",
        fields: &[
            always("id", Kind::Text, "Digits that grow with each mail"),
            always("to", Kind::Text, "The recipient, in lower case"),
            always("from", Kind::Text, "The sender"),
            always("subject", Kind::Text, "The subject line"),
            always("kind", Kind::OneOf(&["reset", "verification", "other"]), "Why it was written"),
            always("text", Kind::Text, "The plain part"),
            always("html", Kind::Text, "The HTML part, empty if there is none"),
            always("link", Kind::TextOrNull, "The link that it carries"),
            always("token", Kind::TextOrNull, "The token in that link"),
            always("sentAt", Kind::Instant, "When it was written, by the calendar of the world"),
        ],
    },
    Object {
        name: "TokenOrder",
        fields: &[
            maybe("email", Kind::Text, "Whose token it shall be, by e-mail"),
            maybe("userId", Kind::Text, "Or by id"),
            maybe("expiresInSeconds", Kind::Count, "May be negative; the usual lifetime if absent"),
            maybe("notBeforeSeconds", Kind::Count, "When it begins to work; at once if absent"),
        ],
    },
    Object { name: "TokenData", fields: &[always("token", Kind::Text, "For `Authorization: Bearer`")] },
    Object {
        name: "FaultPlan",
        fields: &[
            maybe("seed", Kind::Count, "Repeats what is left to chance; 0 if absent"),
            always("faults", Kind::Many("Fault"), "64 at most"),
        ],
    },
    Object { name: "Fault", fields: &FAULT },
    Object {
        name: "FaultsInForce",
        fields: &[
            always("seed", Kind::Count, "The plan's seed"),
            always("faults", Kind::Many("CountedFault"), "In the order of the plan"),
        ],
    },
    Object { name: "CountedFault", fields: &COUNTED },
    Object { name: "Traces", fields: &[always("traces", Kind::Many("Trace"), "By their beginnings")] },
    Object {
        name: "Trace",
        fields: &[
            always("requestId", Kind::Text, "The X-Request-Id of the answer"),
            always("spans", Kind::Many("Span"), "By their beginnings; one for each service that was asked"),
        ],
    },
    Object { name: "Span", fields: &SPAN },
];

const SERVICES: [&str; 4] = ["gateway", "auth", "user", "notes"];
const MODES: [&str; 2] = ["running", "frozen"];

const FAULT: [Field; 9] = [
    always("from", Kind::OneOf(&SERVICES), "Whose calls"),
    always("to", Kind::OneOf(&SERVICES), "To which service"),
    always(
        "kind",
        Kind::OneOf(&["status", "latency", "reset", "dropAnswer"]),
        "A made-up answer, a late call, a broken connection, or one that breaks after the callee has answered",
    ),
    maybe("status", Kind::Count, "The status of a made-up answer"),
    maybe("latencyMs", Kind::Count, "How late a call is, 60,000 at most"),
    maybe("nth", Kind::Count, "Only that call, counted from 1, and with times those that follow"),
    maybe("probability", Kind::Number, "So many of the calls, from 0 to 1, by chance"),
    maybe("path", Kind::Text, "Only calls whose path at the callee begins so, such as /notes"),
    maybe("times", Kind::Count, "Calls that it hits at most"),
];

const COUNTED: [Field; 11] = [
    FAULT[0],
    FAULT[1],
    FAULT[2],
    FAULT[3],
    FAULT[4],
    FAULT[5],
    FAULT[6],
    FAULT[7],
    FAULT[8],
    always("calls", Kind::Count, "Calls that it could have hit"),
    always("hits", Kind::Count, "Calls that it did hit"),
];

const SPAN: [Field; 11] = [
    always("id", Kind::Text, "Names it in all services"),
    always("sequence", Kind::Count, "Where it stands among those of its service"),
    always("requestId", Kind::Text, "The request, in every service the same"),
    always("service", Kind::OneOf(&SERVICES), "Who answered"),
    always("name", Kind::Text, "Method and path, with a star for each id in it"),
    always("method", Kind::Text, "The method"),
    always("path", Kind::Text, "The path at that service, without its query"),
    always("status", Kind::Count, "The status of the answer"),
    always("startUs", Kind::Count, "When it began, in microseconds since the first span of the trace"),
    always("durationUs", Kind::Count, "How long it took"),
    always("parent", Kind::TextOrNull, "The id of the span that called"),
];
