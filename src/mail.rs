//! `satchel mail`: looks at the mails that the auth service captured.

use std::process::ExitCode;
use std::time::Duration;

use auth::mail::{Mail, Mailbox};
use tokio::time::{Instant, interval};

use crate::Failed;
use crate::cli::{MailArgs, MailLook};
use crate::console;

/// Between two looks at the mailbox while waiting: far below what a person or a test notices.
const LOOK: Duration = Duration::from_millis(25);

/// Runs `satchel mail list|show|wait`.
pub(crate) async fn mail(args: MailArgs) -> Result<ExitCode, Failed> {
    let home = &args.home.data_dir;
    if !home.is_dir() {
        return Err(format!("there is no data directory {}", home.display()).into());
    }
    let mailbox = Mailbox::open(&home.join("auth").join("mailbox"))?;
    match args.look {
        MailLook::List => list(&mailbox)?,
        MailLook::Show { id } => {
            let mail = mailbox.find(&id)?.ok_or_else(|| format!("there is no mail {id}"))?;
            show(&mail);
        }
        MailLook::Wait { to, timeout } => {
            let found = wait(&mailbox, &to, Duration::from_secs(timeout.into())).await?;
            show(&found.ok_or_else(|| format!("no mail to {to} within {timeout} s"))?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(mailbox: &Mailbox) -> Result<(), Failed> {
    for mail in mailbox.list()? {
        console::say(&format!("{}  {}  {}  {}", mail.id, mail.sent_at, mail.to, mail.subject));
    }
    Ok(())
}

fn show(mail: &Mail) {
    let head = format!(
        "From: {}\nTo: {}\nDate: {}\nSubject: {}\nKind: {}",
        mail.from, mail.to, mail.sent_at, mail.subject, mail.kind
    );
    console::say(&format!("{head}\n\n{}", mail.text));
}

/// The newest mail to `to`, there already or arriving within `patience`.
async fn wait(mailbox: &Mailbox, to: &str, patience: Duration) -> Result<Option<Mail>, Failed> {
    let (deadline, mut looks) = (Instant::now() + patience, interval(LOOK));
    loop {
        looks.tick().await;
        if let Some(mail) = mailbox.newest_to(to)? {
            return Ok(Some(mail));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
    }
}
