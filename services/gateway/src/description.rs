//! What the gateway answers itself; the rest of the API is told by the services behind it.

use chassis::description::{Chapter, Given, Kind, Object, Operation, always};

/// The part of the API that the gateway answers.
pub static DESCRIPTION: Chapter = Chapter {
    name: "gateway",
    operations: &[
        Operation::new("GET", "/health", "Whether the door is open").gives(200, Given::Bare("Health"))
    ],
    objects: &[Object {
        name: "Health",
        fields: &[
            always("status", Kind::OneOf(&["OK"]), "That it is"),
            always("service", Kind::Text, "Who answers"),
        ],
    }],
};
