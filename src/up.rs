//! `satchel up` and `satchel demo`: a world from start to drain.

use std::process::ExitCode;

use chassis::shutdown::{self, Shutdown, Trigger};
use tokio::task::JoinSet;

use crate::Failed;
use crate::cli::{DemoArgs, LogForm, WorldArgs};
use crate::config::{Config, DATA_DIR};
use crate::console;
use crate::fixture::Fixture;
use crate::phase;
use crate::profile::Profile;
use crate::ready::Ready;
use crate::signal::{ENDING, Signals, until_second};
use crate::supply::Supply;
use crate::topology::Topology;

/// The demo's data, compiled in so that the binary needs no file beside it.
const DEMO: &str = include_str!("../fixtures/demo.json");

/// Runs the services until a signal; with `demo`, that fixture is loaded and its log-ins are printed.
pub(crate) async fn up(args: WorldArgs, demo: Option<Fixture>) -> Result<ExitCode, Failed> {
    let profile = if demo.is_some() { Profile::Dev } else { Profile::Original };
    let mut config = Config::load(&args, profile)?;
    if config.data_dir.is_none() && !args.ephemeral {
        config.data_dir = Some(DATA_DIR.into());
    }
    console::start_log(args.log, &config.log_filter);
    phase::reached("settings read");
    let logins = demo.as_ref().map(Fixture::logins);
    let fixtures = fixtures(&args, demo)?;
    let mut signals = Signals::listen(ENDING)?;
    let (trigger, shutdown) = shutdown::channel();
    let signal = (trigger.clone(), shutdown);
    until_second(&mut signals, &trigger, async {
        let ready = |topology: &Topology| announce(&args, topology, logins.as_deref());
        let (topology, tasks) = start(config, &fixtures, signal, ready).await?;
        end(topology, tasks).await;
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// `up` with the demo fixture, and its log-ins on the screen.
pub(crate) async fn demo(mut args: DemoArgs) -> Result<ExitCode, Failed> {
    args.world.control.get_or_insert(None);
    let demo = Fixture::parse("the demo fixture", DEMO)?;
    up(args.world, Some(demo)).await
}

/// Reads and checks every fixture before a world exists.
pub(crate) fn fixtures(args: &WorldArgs, demo: Option<Fixture>) -> Result<Vec<Supply>, Failed> {
    let mut fixtures: Vec<Supply> = demo.into_iter().map(Supply::Fixture).collect();
    for path in &args.fixtures {
        fixtures.push(Supply::read(path)?);
    }
    Supply::check_together(&fixtures)?;
    Ok(fixtures)
}

/// Opens a world, starts serving, loads its data and calls `ready`. What fails on the way ends the world in order.
pub(crate) async fn start(
    config: Config,
    fixtures: &[Supply],
    (trigger, shutdown): (Trigger, Shutdown),
    ready: impl FnOnce(&Topology) -> Result<(), Failed>,
) -> Result<(Topology, JoinSet<()>), Failed> {
    let mut topology = Topology::open(config).await?;
    let tasks = topology.serve(&shutdown).await;
    phase::reached("serving");
    let prepared = prepare(&topology, fixtures, shutdown.clone()).await.and_then(|()| ready(&topology));
    if let Err(error) = prepared {
        trigger.fire();
        end(topology, tasks).await;
        return Err(error);
    }
    phase::reached("ready");
    topology.examine();
    Ok((topology, tasks))
}

/// Everything between serving and being ready.
async fn prepare(topology: &Topology, fixtures: &[Supply], shutdown: Shutdown) -> Result<(), Failed> {
    topology.peers_are_up(shutdown.clone()).await;
    if shutdown.is_requested() {
        return Err("ended by a signal before it was ready".into());
    }
    let peers = topology.recipe().peers();
    for fixture in fixtures {
        fixture.check(&peers).await?;
    }
    for fixture in fixtures {
        fixture.load(&peers).await?;
    }
    if let Some(admin) = topology.config().first_admin.clone() {
        crate::admin::ensure(topology, &admin).await?;
    }
    phase::reached("fixtures loaded");
    topology.mark_start(!fixtures.is_empty()).await?;
    topology.home().announce(&topology.world())?;
    Ok(())
}

fn announce(args: &WorldArgs, topology: &Topology, logins: Option<&str>) -> Result<(), Failed> {
    let world = topology.world();
    let ready = Ready::new(&world, topology.home().path());
    if let Some(path) = &args.ready_file {
        ready.write(path)?;
    }
    match args.log {
        LogForm::Json => console::say(&ready.line()),
        LogForm::Pretty => {
            console::say(&ready.banner());
            if let Some(logins) = logins {
                console::say(logins);
            }
        }
    }
    Ok(())
}

/// Waits until the world has drained after its signal, then leaves the data directory.
pub(crate) async fn end(topology: Topology, tasks: JoinSet<()>) {
    topology.into_serving(tasks).drained().await;
}
