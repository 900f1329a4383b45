//! Taking a service back to an earlier state: snapshots, and the change from one life to another.
//!
//! Only while the world stands still: whoever asks has closed every door and ended all work in the background, and
//! opens and begins both afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chassis::{blocking, task};

use super::generation::Generation;
use super::ground::START;
use super::host::Host;
use super::recipe::Making;
use crate::Failed;

/// A world with a data directory copies its state at the start only for whoever means to go back to it.
const NOT_KEPT: &str = "this state was not kept: start the world with --control, or with --ephemeral";

impl Host {
    /// Keeps the present state under `name`, in the place of an older one.
    pub(super) async fn keep(&self, name: &str) -> Result<(), Failed> {
        let present = self.present().ok_or("the service is stopped")?;
        let (ground, name) = (self.ground.clone(), name.to_owned());
        blocking::run(move || {
            present.service.copy(&ground.make_room(&name)?)?;
            Ok(ground.note(&name, &present.entropy.positions())?)
        })
        .await
    }

    /// Forgets the snapshot `name`.
    pub(super) async fn forget(&self, name: &str) -> Result<(), Failed> {
        let (ground, name) = (self.ground.clone(), name.to_owned());
        Ok(blocking::run(move || ground.forget(&name)).await?)
    }

    /// Goes back to the state that was kept under `name`.
    pub(super) async fn restore(&self, name: &str) -> Result<(), Failed> {
        if !self.ground.is_many {
            return self.restore_in_place(name).await;
        }
        let spare = if name == START { self.spare.lock().await.take() } else { None };
        let next = match spare {
            Some(spare) => spare,
            None => self.prepare(name).await?,
        };
        self.ground.point_to(next.number)?;
        if let Some(old) = self.live(Some(next)) {
            let ground = self.ground.clone();
            task::spawn(
                "retire",
                blocking::run(move || {
                    let number = old.number;
                    drop(old);
                    if let Err(error) = ground.clear(number) {
                        tracing::warn!(%error, "what a life of a service left could not be removed");
                    }
                }),
            );
        }
        Ok(())
    }

    /// Has the next life at hand that begins as the world began: opening one takes longer than a reset may.
    pub(super) async fn have_spare(&self) {
        if !self.ground.is_many {
            return;
        }
        let mut spare = self.spare.lock().await;
        if spare.is_none() {
            match self.prepare(START).await {
                Ok(next) => *spare = Some(next),
                Err(error) => tracing::warn!(%error, "the next reset will take longer"),
            }
        }
    }

    /// Ends all work in the background.
    pub(super) async fn quiet(&self) {
        if let Some(present) = self.present() {
            present.quiet().await;
        }
    }

    /// Begins to work in the background again, by a life of its own if the present one has ended its work.
    pub(super) async fn wake(&self) -> Result<(), Failed> {
        let Some(present) = self.present() else { return Ok(()) };
        if present.is_quiet() {
            let entropy = present.entropy.clone();
            drop(present);
            self.release().await?;
            self.make(entropy).await?;
        }
        if let Some(present) = self.present().filter(|present| !present.is_working()) {
            present.relay();
            present.examine();
        }
        Ok(())
    }

    async fn restore_in_place(&self, name: &str) -> Result<(), Failed> {
        if !self.ground.has(name) {
            return Err(NOT_KEPT.into());
        }
        let present = self.present().map(|present| present.entropy.clone());
        self.release().await?;
        let (ground, kept) = (self.ground.clone(), name.to_owned());
        let replaced = blocking::run(move || -> Result<_, Failed> {
            let positions = ground.positions(&kept)?;
            ground.replace(&kept)?;
            Ok(positions)
        });
        match (replaced.await, present) {
            (Ok(positions), _) => self.make(self.recipe.entropy.resumed(positions)).await,
            (Err(error), None) => Err(error),
            // It goes on as it was.
            (Err(error), Some(present)) => self.make(present).await.and(Err(error)),
        }
    }

    async fn prepare(&self, name: &str) -> Result<Arc<Generation>, Failed> {
        let number = self.lives.fetch_add(1, Ordering::Relaxed) + 1;
        let (recipe, service, ground, snapshot) =
            (Arc::clone(&self.recipe), self.name(), self.ground.clone(), name.to_owned());
        blocking::run(move || {
            let entropy = recipe.entropy.resumed(ground.positions(&snapshot)?);
            let dir = ground.lay_out_from(number, &snapshot)?;
            let made = recipe.make(service, Making { dir, entropy: entropy.clone() })?;
            Ok(Arc::new(Generation::new(made, entropy, number)))
        })
        .await
    }
}
