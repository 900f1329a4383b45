//! Objects and answers as JSON schemas.

use chassis::description::{Field, Given, Kind, Object, always, maybe};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr};

/// A schema, or a reference to one.
pub(super) type Schema = RefOr<utoipa::openapi::Schema>;

/// The envelope of all failures.
pub(super) const FAILURE: &str = "Failure";

const COMMON: [Object; 2] = [
    Object {
        name: FAILURE,
        fields: &[
            always("status", Kind::OneOf(&["fail"]), "That it failed"),
            always(
                "message",
                Kind::Text,
                "What is wrong, for people; that of the first error if there are several",
            ),
            always("requestId", Kind::Text, "Finds the request in logs and traces"),
            maybe("errors", Kind::Many("FieldError"), "Every field that is wrong"),
        ],
    },
    Object {
        name: "FieldError",
        fields: &[
            always("field", Kind::Text, "The field as the request wrote it"),
            always("message", Kind::Text, "What is wrong with it"),
        ],
    },
];

/// The objects that every part of the API has.
pub(super) fn common() -> impl Iterator<Item = (&'static str, Schema)> {
    COMMON.iter().map(|object| (object.name, of_object(object)))
}

/// An object with its fields.
pub(super) fn of_object(object: &Object) -> Schema {
    object.fields.iter().fold(ObjectBuilder::new(), with_field).into()
}

fn with_field(object: ObjectBuilder, field: &Field) -> ObjectBuilder {
    let object = object.property(field.name, described(field));
    if field.is_required { object.required(field.name) } else { object }
}

fn described(field: &Field) -> Schema {
    match of_kind(field.kind) {
        RefOr::Ref(mut reference) => {
            field.about.clone_into(&mut reference.description);
            reference.into()
        }
        RefOr::T(utoipa::openapi::Schema::Object(mut object)) => {
            object.description = Some(field.about.to_owned());
            object.into()
        }
        RefOr::T(utoipa::openapi::Schema::Array(mut array)) => {
            array.description = Some(field.about.to_owned());
            array.into()
        }
        other @ RefOr::T(_) => other,
    }
}

/// What a field of this kind holds.
pub(super) fn of_kind(kind: Kind) -> Schema {
    match kind {
        Kind::Text => text(),
        Kind::TextOrNull => {
            let types = SchemaType::Array(vec![Type::String, Type::Null]);
            ObjectBuilder::new().schema_type(types).into()
        }
        Kind::OneOf(values) => {
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.iter().copied())).into()
        }
        Kind::Count => plain(Type::Integer).into(),
        Kind::Number => plain(Type::Number).into(),
        Kind::Flag => plain(Type::Boolean).into(),
        Kind::Instant => {
            plain(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
        }
        Kind::Texts => many(text()),
        Kind::Ranges => many(many(plain(Type::Integer).into())),
        Kind::One(name) => named(name),
        Kind::Many(name) => many(named(name)),
    }
}

/// What an answer holds, none for one without a body.
pub(super) fn of_answer(given: Given) -> Option<Schema> {
    let envelope =
        ObjectBuilder::new().property("status", of_kind(Kind::OneOf(&["success"]))).required("status");
    let with =
        |envelope: ObjectBuilder, name: &str, schema: Schema| envelope.property(name, schema).required(name);
    Some(match given {
        Given::Nothing => return None,
        Given::Done => envelope.into(),
        Given::Message => with(envelope, "message", text()).into(),
        Given::Token => with(envelope, "token", text()).into(),
        Given::Data(name) => with(envelope, "data", named(name)).into(),
        Given::List(name) => {
            let envelope = with(envelope, "results", plain(Type::Integer).into());
            with(envelope, "data", named(name)).into()
        }
        Given::Bare(name) | Given::Events(name) => named(name),
    })
}

/// The object of that name.
pub(super) fn named(name: &str) -> Schema {
    Ref::from_schema_name(name).into()
}

/// A string.
pub(super) fn text() -> Schema {
    plain(Type::String).into()
}

fn plain(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

fn many(items: Schema) -> Schema {
    ArrayBuilder::new().items(items).into()
}
