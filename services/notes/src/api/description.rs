//! What the public routes of notes are for, take and give.

use chassis::description::{Chapter, Field, Given, Kind, Object, Operation, PAGE, PAGINATION, always, maybe};

const WRONG: (u16, &str) = (400, "A field is wrong; `errors` names each");
const WRONG_QUERY: (u16, &str) = (400, "A parameter is wrong");
const UNKNOWN: (u16, &str) = (404, "The caller has no such note");
const ARCHIVED: Field = maybe("isArchived", Kind::Flag, "Whether to look at the archived notes instead");
const TITLE: Field = maybe("title", Kind::Text, "100 characters at most");
const TAGS: Field = maybe("tags", Kind::Texts, "In any order, kept as they are");
const PINNED: Field = maybe("isPinned", Kind::Flag, "Pinned notes come first in lists");
const ARCHIVE: Field = maybe("isArchived", Kind::Flag, "Archived notes are left out of lists");
const COLOR: Field = maybe("backgroundColor", Kind::Text, "#ffffff if absent");

/// The part of the API that notes answers.
pub static DESCRIPTION: Chapter = Chapter {
    name: "notes",
    operations: &[
        Operation::new("GET", "/api/notes", "The caller's notes, newest first")
            .with_token()
            .asks(&[
                PAGE[0],
                PAGE[1],
                maybe("search", Kind::Text, "A literal part of title or content, in any case"),
                maybe("tag", Kind::Text, "Only notes with exactly this tag"),
                ARCHIVED,
            ])
            .gives(200, Given::List("NotesData"))
            .refuses(&[WRONG_QUERY]),
        Operation::new("POST", "/api/notes", "Write a note")
            .with_token()
            .takes("NewNote", r#"{"title":"Soup","content":"Leeks, potatoes, patience.","tags":["kitchen"]}"#)
            .gives(201, Given::Data("NoteData"))
            .refuses(&[WRONG]),
        Operation::new("GET", "/api/notes/search", "Notes by relevance, with marks and counted tags")
            .with_token()
            .asks(&[
                maybe("q", Kind::Text, r#"words, "phrases", -not, a OR b, title:, tag: and begin*"#),
                PAGE[0],
                PAGE[1],
                ARCHIVED,
            ])
            .gives(200, Given::List("FoundData"))
            .refuses(&[WRONG_QUERY]),
        Operation::new("GET", "/api/notes/tags", "The caller's tags with their counts")
            .with_token()
            .asks(&[ARCHIVED])
            .gives(200, Given::List("TagsData"))
            .refuses(&[WRONG_QUERY]),
        Operation::new("GET", "/api/notes/suggest", "Completions of what is being typed")
            .with_token()
            .asks(&[
                maybe("q", Kind::Text, "What was typed so far"),
                maybe("limit", Kind::Count, "How many at most"),
            ])
            .gives(200, Given::List("SuggestionsData"))
            .refuses(&[WRONG_QUERY]),
        Operation::new("GET", "/api/notes/{id}", "One note")
            .with_token()
            .gives(200, Given::Data("NoteData"))
            .refuses(&[UNKNOWN]),
        Operation::new("PATCH", "/api/notes/{id}", "Change a note")
            .with_token()
            .takes("NoteChange", r#"{"isPinned":true}"#)
            .gives(200, Given::Data("NoteData"))
            .refuses(&[WRONG, UNKNOWN]),
        Operation::new("DELETE", "/api/notes/{id}", "Delete a note")
            .with_token()
            .gives(204, Given::Nothing)
            .refuses(&[UNKNOWN]),
    ],
    objects: &[
        Object { name: "Note", fields: &NOTE },
        Object { name: "NoteData", fields: &[always("note", Kind::One("Note"), "The note")] },
        Object {
            name: "NotesData",
            fields: &[
                always("notes", Kind::Many("Note"), "The notes of this page"),
                always("pagination", Kind::One("Pagination"), "Where this page is"),
            ],
        },
        Object {
            name: "NewNote",
            fields: &[TITLE, always("content", Kind::Text, "May be empty"), TAGS, PINNED, ARCHIVE, COLOR],
        },
        Object {
            name: "NoteChange",
            fields: &[TITLE, maybe("content", Kind::Text, "May be empty"), TAGS, PINNED, ARCHIVE, COLOR],
        },
        Object { name: "FoundNote", fields: &FOUND },
        Object {
            name: "Highlights",
            fields: &[
                always("title", Kind::Ranges, "In UTF-16 units of the title"),
                always("content", Kind::Ranges, "In UTF-16 units of the content"),
            ],
        },
        Object {
            name: "FoundData",
            fields: &[
                always("notes", Kind::Many("FoundNote"), "The notes of this page"),
                always("tags", Kind::Many("CountedTag"), "The tags of all that was found"),
                always("pagination", Kind::One("Pagination"), "Where this page is"),
            ],
        },
        Object {
            name: "CountedTag",
            fields: &[
                always("tag", Kind::Text, "The tag"),
                always("count", Kind::Count, "How many of the notes have it"),
            ],
        },
        Object { name: "TagsData", fields: &[always("tags", Kind::Many("CountedTag"), "The tags")] },
        Object {
            name: "Suggestion",
            fields: &[
                always("text", Kind::Text, "The completion"),
                always("source", Kind::Text, "Where it was found"),
                always("count", Kind::Count, "In how many notes"),
            ],
        },
        Object {
            name: "SuggestionsData",
            fields: &[always("suggestions", Kind::Many("Suggestion"), "The completions, best first")],
        },
        PAGINATION,
    ],
};

const NOTE: [Field; 10] = [
    always("id", Kind::Text, "A UUID"),
    always("title", Kind::Text, "Untitled unless said"),
    always("content", Kind::Text, "As it was written"),
    always("author", Kind::Text, "The id of whose note it is"),
    always("tags", Kind::Texts, "In the order in which they were given"),
    always("isPinned", Kind::Flag, "Pinned notes come first in lists"),
    always("isArchived", Kind::Flag, "Archived notes are left out of lists"),
    always("backgroundColor", Kind::Text, "As it was given"),
    always("createdAt", Kind::Instant, "When it was written"),
    always("updatedAt", Kind::Instant, "When it last changed"),
];

const FOUND: [Field; 12] = [
    NOTE[0],
    NOTE[1],
    NOTE[2],
    NOTE[3],
    NOTE[4],
    NOTE[5],
    NOTE[6],
    NOTE[7],
    NOTE[8],
    NOTE[9],
    always("highlights", Kind::One("Highlights"), "Where the words were found"),
    always("snippet", Kind::Text, "A piece of the content with the words in <mark>, escaped"),
];
