//! `satchel doctor`: has every service hold its records against those of the others, and tells what they found.
//!
//! What is a fault and what mends it is for the services to say. Exit codes: 0 clean, 1 all repaired, 2 a person
//! has to look (or to ask for repairs); 1 also when the world cannot be reached, with one line on standard error.

use std::process::ExitCode;
use std::time::Duration;

use chassis::doctor::{Finding, Order, Report, State};
use http::Method;
use serde::Serialize;

use crate::Failed;
use crate::cli::{DoctorArgs, ServiceName};
use crate::console;
use crate::operated::{Operated, explained};

/// A pass walks over every document and asks the other services about each page: some seconds for 100,000 accounts.
const DEADLINE: Duration = Duration::from_mins(5);
/// Whoever keeps something, in the order in which repairs build on each other: accounts, profiles, authors.
const SERVICES: [ServiceName; 3] = [ServiceName::Auth, ServiceName::User, ServiceName::Notes];

/// What all services found.
#[derive(Debug, Serialize)]
struct Verdict {
    clean: bool,
    findings: Vec<Finding>,
}

/// Runs `satchel doctor`.
pub(crate) async fn doctor(args: DoctorArgs) -> Result<ExitCode, Failed> {
    let world = Operated::reach(args.home, &SERVICES).await?;
    let examined = examine(&world, Order { fix: args.fix }).await;
    world.leave().await;
    let verdict = Verdict::of(examined?);
    console::say(&if args.json { serde_json::to_string(&verdict)? } else { verdict.text() });
    Ok(ExitCode::from(verdict.code()))
}

async fn examine(world: &Operated, order: Order) -> Result<Vec<Finding>, Failed> {
    let mut findings = Vec::new();
    for service in SERVICES {
        let peer = world.peer(service)?;
        let answer = peer.call(Method::POST, "/internal/doctor", Some(&order), DEADLINE).await;
        let report: Report = serde_json::from_value(answer.map_err(explained)?)?;
        findings.extend(report.findings);
    }
    Ok(findings)
}

impl Verdict {
    fn of(findings: Vec<Finding>) -> Self {
        Self { clean: findings.is_empty(), findings }
    }

    fn code(&self) -> u8 {
        let is_repaired = |finding: &Finding| finding.state == State::Repaired;
        match (self.clean, self.findings.iter().all(is_repaired)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    }

    /// A line for each finding and one for all of them.
    fn text(&self) -> String {
        let mut lines: Vec<_> = self.findings.iter().map(line).collect();
        let count = |state| self.findings.iter().filter(|finding| finding.state == state).count();
        let (repaired, open, person) =
            (count(State::Repaired), count(State::Open), count(State::NeedsPerson));
        lines.push(if self.clean {
            "Nothing is wrong.".to_owned()
        } else {
            format!("{repaired} repaired, {open} open (--fix repairs them), {person} for a person")
        });
        lines.join("\n")
    }
}

fn line(finding: &Finding) -> String {
    let Finding { service, kind, subject, what, remedy, state } = finding;
    let state = match state {
        State::Repaired => "repaired:",
        State::Open => "--fix would:",
        State::NeedsPerson => "needs you:",
    };
    format!("{service:<5}  {kind}  {subject}\n       {what}; {state} {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(state: State) -> Finding {
        let [service, kind, subject, what, remedy] =
            ["auth", "ownerlessEmail", "a@example.test", "an e-mail is held for nobody", "let it go"]
                .map(str::to_owned);
        Finding { service, kind, subject, what, remedy, state }
    }

    #[test]
    fn the_code_tells_clean_from_repaired_from_what_needs_a_person() {
        let code =
            |states: &[State]| Verdict::of(states.iter().map(|state| finding(*state)).collect()).code();
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[State::Repaired, State::Repaired]), 1);
        assert_eq!(code(&[State::Repaired, State::Open]), 2);
        assert_eq!(code(&[State::Repaired, State::NeedsPerson]), 2);
    }

    #[test]
    fn a_clean_verdict_is_short_in_both_forms() {
        let clean = Verdict::of(Vec::new());
        assert_eq!(serde_json::to_string(&clean).unwrap(), r#"{"clean":true,"findings":[]}"#);
        assert_eq!(clean.text(), "Nothing is wrong.");
    }

    #[test]
    fn a_finding_says_what_is_wrong_and_what_became_of_it() {
        let text = Verdict::of(vec![finding(State::Repaired), finding(State::Open)]).text();
        assert_eq!(
            text,
            "auth   ownerlessEmail  a@example.test\n       an e-mail is held for nobody; repaired: let it go\n\
             auth   ownerlessEmail  a@example.test\n       an e-mail is held for nobody; --fix would: let it go\n\
             1 repaired, 1 open (--fix repairs them), 0 for a person"
        );
    }
}
