//! What the world is filled with before it is measured: one user with very many notes, twenty with a few.
//!
//! Everything goes in through the public API, as a client would put it there. On request there is also somebody with
//! more notes than Satchel keeps in memory, and a store full of notes of others.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::Failure;
use crate::args::Args;
use crate::client::{Connection, render};
use crate::searches::Searches;
use crate::text::{Draft, Writer};

/// Users besides the reader; logins and creates are spread over them.
const OTHERS: usize = 20;
/// Notes of each of them at the start.
const NOTES_OF_OTHERS: usize = 50;
/// Notes that the creating row has at hand before it sends the first text again.
const FRESH: usize = 2_000;
/// Notes that are written down as requests at a time: a million of them would fill the memory.
const AT_ONCE: usize = 20_000;
/// Longest wait for the whole filling: at 1,000,000 notes and a tenth of the goal's pace this is still not near.
const DEADLINE: Duration = Duration::from_hours(1);
/// Long enough for every profile.
const PASSWORD: &str = "correct horse, bench battery";

/// A registered user.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The address to log in with.
    pub(crate) email: String,
    /// The token from the registration.
    pub(crate) token: String,
}

impl Account {
    /// The body of a login.
    pub(crate) fn credentials(&self) -> String {
        credentials(&self.email)
    }
}

/// What is in the world, as far as the rows need it.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// Whose notes are read, listed and searched; nothing changes them.
    pub(crate) reader: Account,
    /// Ids of the reader's notes.
    pub(crate) note_ids: Vec<String>,
    /// Who logs in and creates.
    pub(crate) others: Vec<Account>,
    /// Notes not created yet.
    pub(crate) fresh: Vec<Draft>,
    /// What is searched for among the reader's notes.
    pub(crate) searches: Searches,
    /// Somebody with more notes than Satchel keeps in memory, with searches among them; none when not asked for.
    pub(crate) large: Option<(Account, Searches)>,
}

impl Dataset {
    /// Registers the users and creates their notes.
    pub(crate) async fn create(gateway: SocketAddr, args: &Args) -> Result<Self, Failure> {
        timeout(DEADLINE, fill(gateway, args))
            .await
            .map_err(|_late| "the world could not be filled in an hour")?
    }
}

async fn fill(gateway: SocketAddr, args: &Args) -> Result<Dataset, Failure> {
    let reader = register(gateway, "reader".to_owned()).await?;
    let mut others = Vec::with_capacity(OTHERS);
    for number in 0..OTHERS {
        others.push(register(gateway, format!("other-{number}")).await?);
    }
    let mut writer = Writer::new(args.seed);
    let notes: Vec<Draft> = (0..args.notes).map(|_| writer.draft()).collect();
    let mut requests: Vec<Vec<u8>> = notes.iter().map(|note| create_request(&reader, note)).collect();
    for other in others.iter().flat_map(|other| std::iter::repeat_n(other, NOTES_OF_OTHERS)) {
        requests.push(create_request(other, &writer.draft()));
    }
    let mut note_ids = create_all(gateway, requests, args.connections).await?;
    note_ids.truncate(notes.len());
    let searches = Searches::over(writer.words(), &notes)?;
    let large = large(gateway, args, &mut writer).await?;
    elsewhere(gateway, args, &others, &mut writer).await?;
    let fresh = (0..FRESH).map(|_| writer.draft()).collect();
    Ok(Dataset { reader, note_ids, others, fresh, searches, large })
}

/// The author with very many notes.
async fn large(
    gateway: SocketAddr,
    args: &Args,
    writer: &mut Writer,
) -> Result<Option<(Account, Searches)>, Failure> {
    if args.large == 0 {
        return Ok(None);
    }
    let author = register(gateway, "large".to_owned()).await?;
    let notes: Vec<Draft> = (0..args.large).map(|_| writer.draft()).collect();
    for part in notes.chunks(AT_ONCE) {
        let requests = part.iter().map(|note| create_request(&author, note)).collect();
        create_all(gateway, requests, args.connections).await?;
    }
    Ok(Some((author, Searches::over(writer.words(), &notes)?)))
}

/// Notes of others that only fill the store.
async fn elsewhere(
    gateway: SocketAddr,
    args: &Args,
    others: &[Account],
    writer: &mut Writer,
) -> Result<(), Failure> {
    let mut authors = others.iter().cycle();
    let mut left = args.elsewhere as usize;
    while left > 0 {
        let count = left.min(AT_ONCE);
        let requests =
            authors.by_ref().take(count).map(|author| create_request(author, &writer.draft())).collect();
        create_all(gateway, requests, args.connections).await?;
        left -= count;
    }
    Ok(())
}

/// The request that creates a note for a user.
pub(crate) fn create_request(account: &Account, note: &Draft) -> Vec<u8> {
    render("POST", "/api/notes", Some(&account.token), Some(&note.json))
}

fn credentials(email: &str) -> String {
    json!({ "email": email, "password": PASSWORD }).to_string()
}

async fn register(gateway: SocketAddr, name: String) -> Result<Account, Failure> {
    #[derive(Deserialize)]
    struct Registered {
        token: String,
    }
    let email = format!("{name}@bench.example");
    let request = render("POST", "/api/auth/register", None, Some(&credentials(&email)));
    let answer: Registered = created(&mut Connection::open(gateway).await?, &request).await?;
    Ok(Account { email, token: answer.token })
}

/// Sends all requests over so many connections; the ids come back in the order of the requests.
async fn create_all(
    gateway: SocketAddr,
    requests: Vec<Vec<u8>>,
    connections: u16,
) -> Result<Vec<String>, Failure> {
    let began = Instant::now();
    let count = requests.len();
    let share = count.div_ceil(usize::from(connections)).max(1);
    let mut requests = requests.into_iter();
    let mut workers = JoinSet::new();
    for start in (0..count).step_by(share) {
        let part: Vec<_> = requests.by_ref().take(share).collect();
        workers.spawn(async move { create_part(gateway, &part).await.map(|ids| (start, ids)) });
    }
    let mut parts = Vec::new();
    while let Some(part) = workers.join_next().await {
        parts.push(part??);
    }
    parts.sort_unstable_by_key(|&(start, _)| start);
    eprintln!("bench: filled with {count} notes in {:.1} s", began.elapsed().as_secs_f64());
    Ok(parts.into_iter().flat_map(|(_, ids)| ids).collect())
}

async fn create_part(gateway: SocketAddr, requests: &[Vec<u8>]) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct Created {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        note: Note,
    }
    #[derive(Deserialize)]
    struct Note {
        id: String,
    }
    let mut connection = Connection::open(gateway).await?;
    let mut ids = Vec::with_capacity(requests.len());
    for request in requests {
        let answer: Created = created(&mut connection, request).await?;
        ids.push(answer.data.note.id);
    }
    Ok(ids)
}

/// Sends a request that has to answer 201 and reads the answer's body.
async fn created<T: for<'de> Deserialize<'de>>(
    connection: &mut Connection,
    request: &[u8],
) -> Result<T, Failure> {
    let answer = connection.exchange(request).await?;
    let parsed = (answer.status == 201).then(|| serde_json::from_slice(answer.body).ok()).flatten();
    parsed.ok_or_else(|| {
        let body = String::from_utf8_lossy(answer.body);
        format!("the world could not be filled: status {}: {body}", answer.status).into()
    })
}
