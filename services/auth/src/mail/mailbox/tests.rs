//! The mailbox as a folder, also when several look into it.

use std::os::unix::fs::PermissionsExt;

use chassis::clock::Timestamp;

use super::*;
use crate::mail::letter::tests::letter;

fn mailbox(dir: &tempfile::TempDir) -> Mailbox {
    Mailbox::open(&dir.path().join("mailbox")).unwrap()
}

fn to(email: &str) -> Filter {
    Filter { to: Some(email.to_owned()), ..Filter::default() }
}

fn put(mailbox: &Mailbox, to: &str) {
    mailbox.put(letter(to).kept_at(Timestamp::from_millis(0))).unwrap();
}

#[test]
fn mails_are_found_by_id_and_recipient_also_by_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let (writing, looking) = (mailbox(&dir), mailbox(&dir));
    for to in ["ada@example.test", "ben@example.test", "ada@example.test"] {
        put(&writing, to);
    }
    let ids: Vec<_> = looking.list().unwrap().into_iter().map(|mail| mail.id).collect();
    assert_eq!(ids, ["000000000001", "000000000002", "000000000003"]);
    assert_eq!(looking.newest(&to("Ada@Example.test")).unwrap().unwrap().id, "000000000003");
    assert_eq!(looking.find("000000000002").unwrap().unwrap().to, "ben@example.test");
    for id in ["4", "", "+2", "../lock", "999999999999999999999999"] {
        assert_eq!(looking.find(id).unwrap(), None, "{id}");
    }
    assert_eq!(looking.newest(&to("eve@example.test")).unwrap(), None);
}

#[test]
fn looking_makes_no_mailbox_and_finds_what_comes_later() {
    let dir = tempfile::tempdir().unwrap();
    let looking = Mailbox::look(&dir.path().join("mailbox"));
    assert_eq!(looking.list().unwrap(), []);
    assert_eq!(looking.newest(&to("ada@example.test")).unwrap(), None);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    put(&mailbox(&dir), "ada@example.test");
    assert_eq!(looking.list().unwrap().len(), 1);
}

#[test]
fn numbering_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    put(&mailbox(&dir), "ada@example.test");
    put(&mailbox(&dir), "ada@example.test");
    assert_eq!(mailbox(&dir).list().unwrap().len(), 2);
}

#[test]
fn only_the_newest_thousand_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(&dir);
    *mailbox.next.lock().unwrap() = 5_000;
    put(&mailbox, "ada@example.test");
    *mailbox.next.lock().unwrap() = 5_999;
    put(&mailbox, "ada@example.test");
    assert_eq!(mailbox.list().unwrap().len(), 2);
    put(&mailbox, "ada@example.test");
    let ids: Vec<_> = mailbox.list().unwrap().into_iter().map(|mail| mail.id).collect();
    assert_eq!(ids, ["000000005999", "000000006000"]);
}

#[test]
fn a_mail_is_its_owners_alone_to_read() {
    let dir = tempfile::tempdir().unwrap();
    put(&mailbox(&dir), "ada@example.test");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = dir.path().join("mailbox");
    assert_eq!((mode(&folder), mode(&folder.join("000000000001.json"))), (0o700, 0o600));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn a_mail_shows_no_token_in_debug_output() {
    let dir = tempfile::tempdir().unwrap();
    put(&mailbox(&dir), "ada@example.test");
    let mail = mailbox(&dir).list().unwrap().remove(0);
    assert!(!format!("{mail:?}").contains(mail.token.as_deref().unwrap()));
}

#[test]
fn a_page_ends_before_an_answer_is_too_long_and_the_next_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(&dir);
    for _ in 0..3 {
        let long = "x".repeat(100 * 1024);
        mailbox
            .put(Mail { text: long, ..letter("ada@example.test").kept_at(Timestamp::from_millis(0)) })
            .unwrap();
    }
    let first = mailbox.page(&Filter::default()).unwrap();
    assert_eq!((first.mails.len(), first.has_more), (2, true));
    let rest = mailbox.page(&Filter { after: 2, ..Filter::default() }).unwrap();
    assert_eq!((rest.mails.len(), rest.has_more), (1, false));
}

#[test]
fn a_cleared_mailbox_uses_no_id_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(&dir);
    put(&mailbox, "ada@example.test");
    put(&mailbox, "ben@example.test");
    mailbox.clear(&to("Ada@example.test")).unwrap();
    assert_eq!(mailbox.list().unwrap().len(), 1);
    mailbox.clear(&Filter::default()).unwrap();
    assert_eq!(mailbox.list().unwrap(), []);
    put(&mailbox, "ada@example.test");
    assert_eq!(mailbox.list().unwrap()[0].id, "000000000003");
}
