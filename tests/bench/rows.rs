//! The rows of the table: what each one asks for, and what its answers must hold.
//!
//! All but the first go through the gateway of a filled world. The writing row is the last, and it writes to other
//! users than the one whose notes are read, so that no row changes what another expects.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use crate::Failure;
use crate::args::Args;
use crate::client::render;
use crate::dataset::{Account, Dataset, create_request};
use crate::load::{self, Load, Measured, Shot};
use crate::overload::{self, Overload};
use crate::proxy::Proxy;
use crate::searches::{Search, Searches};
use crate::world::World;

/// Clients that log in without pause beside the reading row.
const LOGINS_BESIDE: u16 = 16;
/// Notes that are read in turn; more would only fill this client's memory.
const READ: usize = 10_000;
/// Mixes of thirty that are asked in turn.
const MIXES: usize = 300;
/// Pages that are listed in turn: people look at the first ones.
const PAGES: usize = 10;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    /// A constant answer behind an empty proxy: the limit
    EmptyProxy,
    /// The gateway's own answer
    Health,
    /// One of the reader's notes
    GetNote,
    /// Ten of them, with the total
    List,
    /// Substring search for words of very few notes, with the total
    SearchRare,
    /// Substring search for words of many notes, with the total
    SearchCommon,
    /// Substring search for two letters
    SearchTwo,
    /// Substring search for two words that follow each other
    SearchPhrase,
    /// Substring search for two characters of a script without spaces
    SearchHan,
    /// Substring search by the twenty other users in turn, whose notes together are more than memory holds when
    /// `--elsewhere` is 300,000
    SearchMany,
    /// Ranked search for words of very few notes
    RankedRare,
    /// Ranked search for words of many notes
    RankedCommon,
    /// Ranked search for two words of many notes
    RankedPair,
    /// The reader's tags with their counts
    Tags,
    /// Completions of one to three letters
    Suggest,
    /// Substring search for words of very few notes among more notes than are kept in memory
    LargeRare,
    /// Substring search for words of many notes among more notes than are kept in memory
    LargeCommon,
    /// The reader's profile
    Me,
    /// Log-ins at full Argon2id
    Login,
    /// Reading notes while 16 clients log in without pause
    ReadsDuringLogin,
    /// Creating notes, each synced to disk
    Create,
    /// The same by an author with more notes than are kept in memory
    LargeCreate,
    /// Ten times what can be done of everything together: reads, lists, searches, creates, log-ins
    Overload,
}

impl Row {
    /// Every row, in the order in which they are measured.
    pub(crate) const ALL: [Self; 23] = [
        Self::EmptyProxy,
        Self::Health,
        Self::GetNote,
        Self::List,
        Self::SearchRare,
        Self::SearchCommon,
        Self::SearchTwo,
        Self::SearchPhrase,
        Self::SearchHan,
        Self::SearchMany,
        Self::RankedRare,
        Self::RankedCommon,
        Self::RankedPair,
        Self::Tags,
        Self::Suggest,
        Self::LargeRare,
        Self::LargeCommon,
        Self::Me,
        Self::Login,
        Self::ReadsDuringLogin,
        Self::Create,
        Self::LargeCreate,
        Self::Overload,
    ];

    /// Whether the row is about the author with more notes than are kept in memory.
    pub(crate) const fn is_large(self) -> bool {
        matches!(self, Self::LargeRare | Self::LargeCommon | Self::LargeCreate)
    }

    /// Its name in the table and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::EmptyProxy => "empty-proxy",
            Self::Health => "health",
            Self::GetNote => "get-note",
            Self::List => "list",
            Self::SearchRare => "search-rare",
            Self::SearchCommon => "search-common",
            Self::SearchTwo => "search-two",
            Self::SearchPhrase => "search-phrase",
            Self::SearchHan => "search-han",
            Self::SearchMany => "search-many",
            Self::RankedRare => "ranked-rare",
            Self::RankedCommon => "ranked-common",
            Self::RankedPair => "ranked-pair",
            Self::Tags => "tags",
            Self::Suggest => "suggest",
            Self::LargeRare => "large-rare",
            Self::LargeCommon => "large-common",
            Self::Me => "me",
            Self::Login => "login",
            Self::ReadsDuringLogin => "reads-during-login",
            Self::Create => "create",
            Self::LargeCreate => "large-create",
            Self::Overload => "overload",
        }
    }

    fn shots(self, data: &Dataset) -> Vec<Shot> {
        match self {
            Self::EmptyProxy => limit(),
            Self::Health => vec![get("/health", None, r#""status":"OK""#)],
            Self::GetNote | Self::ReadsDuringLogin => reads(data),
            Self::List => {
                let page = |page| list(&data.reader, &format!("?page={page}"), data.note_ids.len());
                (1..=PAGES).map(page).collect()
            }
            Self::SearchRare => literal(&data.reader, &data.searches.rare),
            Self::SearchCommon => literal(&data.reader, &data.searches.common),
            Self::SearchTwo => literal(&data.reader, &data.searches.two),
            Self::SearchPhrase => literal(&data.reader, &data.searches.phrase),
            Self::SearchHan => literal(&data.reader, &data.searches.han),
            Self::SearchMany => many(data),
            Self::RankedRare => ranked(&data.reader, &data.searches.rare_words),
            Self::RankedCommon => ranked(&data.reader, &data.searches.common_words),
            Self::RankedPair => ranked(&data.reader, &data.searches.pairs),
            Self::Tags => vec![get("/api/notes/tags", Some(&data.reader.token), r#""tags":[{"#)],
            Self::Suggest => suggestions(&data.reader, &data.searches.common_words),
            Self::LargeRare => large(data, |author, searches| literal(author, &searches.rare)),
            Self::LargeCommon => large(data, |author, searches| literal(author, &searches.common)),
            Self::Me => vec![get(
                "/api/users/me",
                Some(&data.reader.token),
                &format!(r#""email":"{}""#, data.reader.email),
            )],
            Self::Login => logins(data),
            Self::Create => creates(data, data.others.iter().cycle()),
            Self::LargeCreate => large(data, |author, _| creates(data, std::iter::repeat(author))),
            Self::Overload => mixed(data),
        }
    }
}

/// A row's figures.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    /// Which row.
    pub(crate) row: Row,
    /// Requests under way at a time.
    pub(crate) connections: u16,
    /// Answers within the measured time.
    pub(crate) requests: u64,
    /// Wrong answers and broken connections, warm-up included.
    pub(crate) bad: u64,
    /// What the first of them was.
    pub(crate) first_bad: Option<String>,
    /// Answers per second.
    pub(crate) requests_per_second: f64,
    /// Median latency.
    pub(crate) p50_ms: f64,
    /// 99th percentile of the latency.
    pub(crate) p99_ms: f64,
    /// CPU time of the server per answer; none where the server did two things at a time.
    pub(crate) cpu_us_per_request: Option<f64>,
    /// Answers per second as a share of the empty proxy's; none when that was not measured.
    pub(crate) share_of_limit: Option<f64>,
    /// The most memory the server held.
    pub(crate) peak_mib: f64,
    /// Log-ins per second beside the reading, in the row that has them.
    pub(crate) logins_per_second: Option<f64>,
    /// What came of too much, in the row that asks for it; its rate is what was done then, its latencies are those of
    /// refusals.
    pub(crate) overload: Option<Overload>,
}

/// Measures the limit of this machine.
pub(crate) async fn measure_limit(proxy: &Proxy, args: &Args) -> Result<Outcome, Failure> {
    let load = load(proxy.address, limit(), args.connections);
    let measured = load::run(&load, None, times(args), &proxy.process).await?;
    Ok(outcome(Row::EmptyProxy, args, measured))
}

/// Measures one row of a filled world.
pub(crate) async fn measure(
    row: Row,
    world: &World,
    data: &Dataset,
    args: &Args,
) -> Result<Outcome, Failure> {
    let main = load(world.gateway, row.shots(data), args.connections);
    if row == Row::Overload {
        let overload = overload::run(&main, args.measured(), &world.process).await?;
        return Ok(overloaded(args, overload));
    }
    let beside = (row == Row::ReadsDuringLogin).then(|| load(world.gateway, logins(data), LOGINS_BESIDE));
    let measured = load::run(&main, beside.as_ref(), times(args), &world.process).await?;
    Ok(outcome(row, args, measured))
}

fn load(address: SocketAddr, shots: Vec<Shot>, connections: u16) -> Load {
    Load { address, shots: shots.into(), connections }
}

fn times(args: &Args) -> (Duration, Duration) {
    (args.warmed(), args.measured())
}

fn outcome(row: Row, args: &Args, measured: Measured) -> Outcome {
    let seconds = args.measured().as_secs_f64();
    let Measured { tally, beside, cpu, peak_mib } = measured;
    let requests = tally.latencies.total();
    let alone = row != Row::ReadsDuringLogin;
    Outcome {
        row,
        connections: args.connections,
        requests,
        bad: tally.bad + beside.bad,
        first_bad: tally.first_bad.or(beside.first_bad),
        requests_per_second: requests as f64 / seconds,
        p50_ms: tally.latencies.percentile_ms(50),
        p99_ms: tally.latencies.percentile_ms(99),
        cpu_us_per_request: (alone && requests > 0).then(|| cpu.as_secs_f64() * 1e6 / requests as f64),
        share_of_limit: None,
        peak_mib,
        logins_per_second: (!alone).then(|| beside.latencies.total() as f64 / seconds),
        overload: None,
    }
}

fn overloaded(args: &Args, overload: Overload) -> Outcome {
    Outcome {
        row: Row::Overload,
        connections: args.connections,
        requests: 0,
        bad: 0,
        first_bad: None,
        requests_per_second: overload.done,
        p50_ms: overload.refused_p50_ms,
        p99_ms: overload.refused_p99_ms,
        cpu_us_per_request: None,
        share_of_limit: None,
        peak_mib: overload.peak_mib,
        logins_per_second: None,
        overload: Some(overload),
    }
}

fn get(path: &str, token: Option<&str>, holds: &str) -> Shot {
    Shot { request: render("GET", path, token, None), status: 200, holds: holds.into() }
}

/// What the empty proxy is asked; it answers everything alike.
fn limit() -> Vec<Shot> {
    vec![get("/", None, "x")]
}

/// Notes from all over the reader's collection.
fn reads(data: &Dataset) -> Vec<Shot> {
    let step = data.note_ids.len().div_ceil(READ).max(1);
    let read =
        |id: &String| get(&format!("/api/notes/{id}"), Some(&data.reader.token), &format!(r#""id":"{id}""#));
    data.note_ids.iter().step_by(step).map(read).collect()
}

fn list(author: &Account, rest: &str, total: usize) -> Shot {
    let path = format!("/api/notes{rest}&limit=10");
    get(&path, Some(&author.token), &format!(r#""total":{total},"#))
}

fn literal(author: &Account, searches: &[Search]) -> Vec<Shot> {
    let find = |search: &Search| list(author, &format!("?search={}", escaped(&search.text)), search.total);
    searches.iter().map(find).collect()
}

/// Each of the other users in turn; how many of their notes hold the word is not counted.
fn many(data: &Dataset) -> Vec<Shot> {
    let of = |search: &Search| format!("/api/notes?search={}&limit=10", escaped(&search.text));
    let authors = |target: String| {
        data.others.iter().map(move |author| get(&target, Some(&author.token), r#""pagination""#))
    };
    data.searches.common.iter().map(of).flat_map(authors).collect()
}

fn ranked(author: &Account, searches: &[Search]) -> Vec<Shot> {
    let find = |search: &Search| list(author, &format!("/search?q={}", escaped(&search.text)), search.total);
    searches.iter().map(find).collect()
}

/// What is asked while somebody types the first three letters of a word.
fn suggestions(author: &Account, words: &[Search]) -> Vec<Shot> {
    let beginnings = words.iter().flat_map(|word| (1..=3).filter_map(|end| word.text.get(..end)));
    let ask = |typed| get(&format!("/api/notes/suggest?q={}", escaped(typed)), Some(&author.token), "[");
    beginnings.map(ask).collect()
}

/// Shots of the author with more notes than are kept in memory, who is there when such a row is measured.
fn large(data: &Dataset, shots: impl FnOnce(&Account, &Searches) -> Vec<Shot>) -> Vec<Shot> {
    data.large.as_ref().map(|(author, searches)| shots(author, searches)).unwrap_or_default()
}

/// A text as it stands in a query.
fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn logins(data: &Dataset) -> Vec<Shot> {
    let log_in = |body: String| Shot {
        request: render("POST", "/api/auth/login", None, Some(&body)),
        status: 200,
        holds: br#""token":""#.to_vec(),
    };
    data.others.iter().map(|other| log_in(other.credentials())).collect()
}

/// Of thirty requests one is a log-in, four are creates, five searches, five lists and the rest reads.
fn mixed(data: &Dataset) -> Vec<Shot> {
    let page = |page| list(&data.reader, &format!("?page={page}"), data.note_ids.len());
    let kinds = [
        (1, logins(data)),
        (4, creates(data, data.others.iter().cycle())),
        (5, literal(&data.reader, &data.searches.common)),
        (5, (1..=PAGES).map(page).collect()),
        (15, reads(data)),
    ];
    let mut kinds = kinds.each_ref().map(|(share, shots)| (*share, shots.iter().cycle()));
    let mut mixed = Vec::new();
    for _ in 0..MIXES {
        for (share, shots) in &mut kinds {
            mixed.extend(shots.by_ref().take(*share).cloned());
        }
    }
    mixed
}

fn creates<'a>(data: &'a Dataset, authors: impl Iterator<Item = &'a Account>) -> Vec<Shot> {
    let create = |(note, author)| Shot {
        request: create_request(author, note),
        status: 201,
        holds: format!(r#""title":"{}""#, note.title).into(),
    };
    data.fresh.iter().zip(authors).map(create).collect()
}
