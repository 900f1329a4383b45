//! A database that lost its end, as people meet it.

use chassis::history::{History, Witness};

use crate::world::World;

const ADA: &str = "ada@example.test";
const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn who_is_there_logs_in_and_nobody_changes_anything_until_the_loss_is_accepted() {
    let world = World::new().await;
    world.register(ADA, PASSWORD).await.token(201);
    // The witness has seen more than the database remembers.
    let saw_more = |config: &mut auth::Config| {
        let witness = Witness::open(&config.data_dir.join("history"));
        witness.unwrap().renew(History { commits: 1000, next: 1000 }).unwrap();
    };
    let world = world.restart_after(saw_more).await;
    let token = world.log_in(ADA, PASSWORD).await.token(200);
    let refused = [
        world.register("eva@example.test", PASSWORD).await,
        world.change_password(&token, PASSWORD, "another horse").await,
    ];
    for answer in refused {
        let message = "Changes are not possible right now, please try again later";
        assert_eq!(
            (answer.failure(), &answer.headers["retry-after"]),
            ((503, message), &"60".parse().unwrap())
        );
    }

    let world = world.restart_after(|config| config.accept_loss = true).await;
    world.change_password(&token, PASSWORD, "another horse").await.token(200);
}
