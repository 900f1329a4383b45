//! Ids, texts and edits.

use chassis::entropy::Entropy;

use super::*;

const AUTHOR: AccountId = AccountId::from_bytes([7; 12]);

fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

fn note(updated_ms: i64) -> Note {
    let draft = Draft {
        title: Title::default(),
        content: text("c"),
        tags: vec![text("a"), text("a")],
        is_pinned: false,
        is_archived: true,
        background_color: Draft::default_background(),
    };
    Note::new(NoteId::from_bytes([1; 16]), AUTHOR, draft, Timestamp::from_millis(updated_ms))
}

#[test]
fn a_drawn_id_is_a_version_4_uuid() {
    let id = NoteId::random(&Entropy::seeded(1).stream("notes", "note id")).to_string();
    assert_eq!((id.len(), id.chars().nth(14)), (36, Some('4')));
    assert!(matches!(id.chars().nth(19), Some('8' | '9' | 'a' | 'b')), "{id}");
}

#[test]
fn only_the_hyphenated_form_is_an_id() {
    let id = "b1cb1816-7d85-457c-9f32-2a1422d00e17";
    assert_eq!(NoteId::parse(&id.to_uppercase()).unwrap().to_string(), id);
    let plain = id.replace('-', "");
    for other in ["", "123", "ü", &plain, &format!("{{{id}}}"), &format!("urn:uuid:{id}"), &format!("{id}0")]
    {
        assert_eq!(NoteId::parse(other), None, "{other}");
    }
}

#[test]
fn a_title_has_at_most_100_utf_16_units() {
    for (char, fitting) in [("t", 100), ("é", 100), ("🙂", 50)] {
        assert!(Title::new(text(&char.repeat(fitting))).is_some(), "{char}");
        assert!(Title::new(text(&char.repeat(fitting + 1))).is_none(), "{char}");
    }
    assert_eq!(Text::new("a\0b".to_owned()), None);
}

#[test]
fn an_edit_changes_only_its_fields_and_the_time() {
    let before = note(1);
    let edit = Edit { content: Some(text("new")), is_pinned: Some(true), ..Edit::default() };
    let after = before.edited(edit, Timestamp::from_millis(2));
    assert_eq!((after.draft.content.as_str(), after.draft.is_pinned), ("new", true));
    assert_eq!((after.created_at, after.updated_at), (before.created_at, Timestamp::from_millis(2)));
    assert_eq!((&after.draft.tags, after.draft.is_archived), (&before.draft.tags, true));
}

#[test]
fn an_edit_without_fields_changes_nothing_at_all() {
    assert_eq!(note(1).edited(Edit::default(), Timestamp::from_millis(2)), note(1));
}

#[test]
fn pinned_notes_come_first_then_the_newest_then_the_lower_id() {
    let place = |is_pinned, ms, id| Place {
        is_pinned: Reverse(is_pinned),
        updated_at: Reverse(Timestamp::from_millis(ms)),
        id: NoteId::from_bytes([id; 16]),
    };
    let in_order = [place(true, 1, 3), place(false, 9, 1), place(false, 9, 2), place(false, 8, 0)];
    assert!(in_order.is_sorted());
}

#[test]
fn an_import_without_times_begins_when_it_arrives() {
    let Note { id, author, draft, .. } = note(1);
    let now = Timestamp::from_millis(9);
    let import = Import { id, author, draft, created_at: None, updated_at: None };
    let created = Import { created_at: Some(Timestamp::from_millis(3)), ..import.clone() }.into_note(now);
    assert_eq!((created.created_at.as_millis(), created.updated_at.as_millis()), (3, 3));
    assert_eq!(import.into_note(now).created_at, now);
}
