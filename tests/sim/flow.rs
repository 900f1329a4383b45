//! The flows of the protocol, each as one operation on a small world that is ready for it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::admin::Admin;
use crate::chance::Chance;
use crate::ledger::{EMAILS, USERNAMES};
use crate::person::{Crowd, Person};
use crate::run::Run;

/// What happens while something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Register,
    /// As [`Self::Register`], while no answer of user about profiles arrives: it is aborted.
    RegisterInDoubt,
    /// As [`Self::Register`], with a username that somebody has.
    RegisterRefused,
    SoftDelete,
    HardDelete,
    ChangePassword,
    ResetPassword,
    MoveEmail,
    Reactivate,
    EditProfile,
    CreateNote,
    EditNote,
    DeleteNote,
}

impl Flow {
    /// Every flow.
    pub(crate) const ALL: [Self; 13] = [
        Self::Register,
        Self::RegisterInDoubt,
        Self::RegisterRefused,
        Self::SoftDelete,
        Self::HardDelete,
        Self::ChangePassword,
        Self::ResetPassword,
        Self::MoveEmail,
        Self::Reactivate,
        Self::EditProfile,
        Self::CreateNote,
        Self::EditNote,
        Self::DeleteNote,
    ];

    /// Makes the account that the flow needs, with notes, in good weather.
    pub(crate) fn prepare(self, run: &mut Run, admin: &Admin) -> Prepared {
        let (kept, crowd, admin) = (Rc::new(RefCell::new(None)), run.crowd("settler"), admin.clone());
        let made = Rc::clone(&kept);
        let settler = admin.on(crowd.clone());
        run.stage.join("settler", async move {
            let mut person = Person::new(crowd, 1, Chance::of(1, "settler"));
            person.register_as(EMAILS[0], Some(USERNAMES[0])).await;
            person.create_note().await;
            person.create_note().await;
            if self == Self::Reactivate {
                settler.set_active(&person.id(), false).await;
            }
            *made.borrow_mut() = Some(person);
        });
        run.until_done(|_, _, _| {});
        run.rest();
        let mut person = kept.take().expect("a person");
        person.crowd = run.crowd("people");
        Prepared { flow: self, person, admin }
    }

    async fn happen(self, mut person: Person, admin: Admin, crowd: Crowd) {
        let mut newcomer = Person::new(crowd, 2, Chance::of(2, "newcomer"));
        match self {
            Self::Register | Self::RegisterInDoubt => {
                newcomer.register_as(EMAILS[1], Some(USERNAMES[1])).await;
            }
            Self::RegisterRefused => newcomer.register_as(EMAILS[1], Some(USERNAMES[0])).await,
            Self::SoftDelete => person.leave().await,
            Self::HardDelete => admin.erase(&person.id()).await,
            Self::ChangePassword => person.change_password().await,
            Self::ResetPassword => person.reset_password().await,
            Self::MoveEmail => admin.move_to(&person.id(), "moved@example.test").await,
            Self::Reactivate => admin.set_active(&person.id(), true).await,
            Self::EditProfile => person.edit_profile().await,
            Self::CreateNote => person.create_note().await,
            Self::EditNote => person.edit_note().await,
            Self::DeleteNote => person.delete_note().await,
        }
    }
}

/// A flow whose world is ready.
pub(crate) struct Prepared {
    flow: Flow,
    person: Person,
    admin: Admin,
}

impl Prepared {
    /// Begins the flow; it ends with the people of `run`.
    pub(crate) fn begin(self, run: &mut Run) {
        let crowd = run.crowd("people");
        run.stage.join("people", self.flow.happen(self.person, self.admin, crowd));
    }
}
