//! `satchel mail`: looks at the mails that the auth service captured.

use std::process::ExitCode;
use std::time::Duration;

use auth::mail::{Filter, Mail, Mailbox};
use tokio::time::{Instant, interval};

use crate::Failed;
use crate::cli::{MailArgs, MailLook, ServiceName};
use crate::config::Place;
use crate::console;
use crate::home;

/// Between two looks at the mailbox while waiting: far below what a person or a test notices.
const LOOK: Duration = Duration::from_millis(25);

/// Runs `satchel mail list|show|wait`.
pub(crate) async fn mail(args: MailArgs) -> Result<ExitCode, Failed> {
    let data_dir = Place::load(&args.home)?.data_dir;
    let mailbox = Mailbox::look(&home::existing_part(&data_dir, ServiceName::Auth)?.join("mailbox"));
    match args.look {
        MailLook::List => list(&mailbox)?,
        MailLook::Show { id } => {
            let mail = mailbox
                .find(&id)?
                .ok_or_else(|| format!("there is no mail {id}: satchel mail list shows what there is"))?;
            show(&mail);
        }
        MailLook::Wait { to, after, timeout } => {
            let filter = Filter { to: Some(to.clone()), after, ..Filter::default() };
            let found = wait(|| Ok(mailbox.newest(&filter)?), timeout).await?;
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
        "Id: {}\nFrom: {}\nTo: {}\nDate: {}\nSubject: {}\nKind: {}",
        mail.id, mail.from, mail.to, mail.sent_at, mail.subject, mail.kind
    );
    console::say(&format!("{head}\n\n{}", mail.text));
}

/// What `look` finds, at once or within `timeout` seconds.
async fn wait(look: impl Fn() -> Result<Option<Mail>, Failed>, timeout: u32) -> Result<Option<Mail>, Failed> {
    let (deadline, mut looks) = (Instant::now() + Duration::from_secs(timeout.into()), interval(LOOK));
    loop {
        looks.tick().await;
        if let Some(mail) = look()? {
            return Ok(Some(mail));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
    }
}
