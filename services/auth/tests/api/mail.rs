//! What is owed when the service ends.

use crate::world::World;

#[tokio::test]
async fn mails_that_were_promised_are_written_before_the_end() {
    let world = World::new().await;
    for n in 0..20 {
        world.register(&format!("person-{n}@example.test"), "correct horse").await.token(201);
    }
    for n in 0..20 {
        assert_eq!(world.forget_password(&format!("person-{n}@example.test")).await.status, 200);
    }
    let world = world.restart().await;
    assert_eq!(world.mails().len(), 20);
}
