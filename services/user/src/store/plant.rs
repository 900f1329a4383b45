//! Faults for the doctor to find: what no verb of the store would ever write.

use chassis::id::AccountId;
use chassis::outbox::{Message, Sequence};
use chassis::profile::Username;

use super::doc::{
    CHANGE, ChangeDoc, ClaimDoc, OpenChangesDoc, PROFILE, ProfileDoc, TOMBSTONE, TombstoneDoc, USERNAME_CLAIM,
};
use super::{Store, StoreError, find_listed, roster};
use crate::change::Change;
use crate::profile::Profile;

impl Store {
    /// Holds the username of `profile` for it, whether it is there or not.
    pub(crate) fn plant_claim(&self, profile: &Profile) {
        let claim = ClaimDoc::of(profile);
        self.write("plant", move |tx| Ok(tx.insert(USERNAME_CLAIM, &claim)?)).unwrap();
    }

    /// Lets `name` go from under its bearer.
    pub(crate) fn plant_no_claim(&self, name: &Username) {
        let canonical = name.canonical();
        assert!(self.write("plant", move |tx| Ok(tx.remove(USERNAME_CLAIM, canonical.as_str())?)).unwrap());
    }

    /// Takes the profile of `account` out of the list of all people.
    pub(crate) fn plant_unlisted(&self, account: AccountId) {
        self.write("plant", move |tx| {
            let listed = find_listed(tx, account)?.unwrap();
            Ok(roster::remove(tx, account, listed.chunk)?)
        })
        .unwrap();
    }

    /// Leaves `change` open, as if whoever carries it out had been forgotten.
    pub(crate) fn plant_change(&self, change: &Change) {
        let document = OpenChangesDoc { id: 0, changes: vec![ChangeDoc::of(change)] };
        self.write("plant", move |tx| Ok(tx.insert(CHANGE, &document)?)).unwrap();
    }

    /// Marks `account` as gone for good, and nothing else.
    pub(crate) fn plant_tombstone(&self, account: AccountId) {
        self.write("plant", move |tx| Ok(tx.insert(TOMBSTONE, &TombstoneDoc { account })?)).unwrap();
    }

    /// Makes the profile's document one that cannot be read.
    pub(crate) fn plant_unreadable(&self, profile: &Profile) {
        let mut document = bson::to_document(&ProfileDoc::of(profile, 0)).unwrap();
        document.insert("email", "not an address");
        self.write("plant", move |tx| Ok::<_, StoreError>(tx.replace(PROFILE, &document)?)).unwrap();
    }

    /// Sends `message` without a change that would have caused it.
    pub(crate) fn plant_message(&self, message: Message) -> Sequence {
        self.write("plant", move |tx| Ok(tx.send(message.clone())?)).unwrap()
    }
}
