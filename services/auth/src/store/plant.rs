//! Faults for the doctor to find: what no verb of the store would ever write.

use chassis::email::Email;
use chassis::id::AccountId;
use chassis::outbox::{Message, Sequence};

use super::doc::{CLAIM, ClaimDoc, IDENTITY, INDEX, IdentityDoc, OpenRegistration, RegistrationsDoc};
use super::engine::Tx;
use super::{Store, StoreError};
use crate::account::{Claim, Identity};

impl Store {
    /// Lets `message` wait until the outbox has room for `room` more.
    pub(crate) fn plant_messages(&self, message: &Message, room: usize) {
        let message = message.clone();
        let fill = move |tx: &Tx| {
            while tx.room() > room {
                tx.send(message.clone())?;
            }
            Ok(())
        };
        self.write("plant", fill).unwrap();
    }

    /// Holds `email` for `account`, whoever that is.
    pub(crate) fn plant_claim(&self, email: &Email, account: AccountId, change: Option<String>) {
        let claim = ClaimDoc::of(&Claim { email: email.clone(), account, change });
        self.write("plant", move |tx| Ok(tx.insert(CLAIM, &claim)?)).unwrap();
    }

    /// Lets `email` go from under its owner.
    pub(crate) fn plant_no_claim(&self, email: &Email) {
        let email = email.to_string();
        assert!(self.write("plant", move |tx| Ok(tx.remove(CLAIM, email.as_str())?)).unwrap());
    }

    /// Adds an account with its e-mail, and nothing that would lead on from there.
    pub(crate) fn plant_identity(&self, identity: &Identity) {
        self.plant_claim(&identity.email, identity.account, None);
        let document = IdentityDoc::of(identity);
        self.write("plant", move |tx| Ok(tx.insert(IDENTITY, &document)?)).unwrap();
    }

    /// Lists `one` as the only open registration.
    pub(crate) fn plant_registration(&self, one: OpenRegistration) {
        self.write("plant", move |tx| {
            Ok(tx.replace(INDEX, &RegistrationsDoc::of(std::slice::from_ref(&one)))?)
        })
        .unwrap();
    }

    /// Makes the account's document one that cannot be read.
    pub(crate) fn plant_unreadable(&self, account: AccountId) {
        let unreadable = bson::doc! { "_id": account.to_string(), "email": "not an address" };
        self.write("plant", move |tx| Ok::<_, StoreError>(tx.replace(IDENTITY, &unreadable)?)).unwrap();
    }

    /// Sends `message` without a change that would have caused it.
    pub(crate) fn plant_message(&self, message: Message) -> Sequence {
        self.write("plant", move |tx| Ok(tx.send(message.clone())?)).unwrap()
    }
}
