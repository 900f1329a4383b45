//! What tests see and disturb a service with. It outlives the service, which may stop and start again.

use std::collections::BTreeMap;

use chassis::fault::Faults;
use chassis::span::Recorder;

use crate::cli::ServiceName;
use crate::config::Config;

/// The instruments at one service of this process; clones are the same.
#[derive(Clone)]
pub(crate) struct Instruments {
    /// What its calls to others meet.
    pub(crate) faults: Faults,
    /// What it was asked.
    pub(super) recorder: Recorder,
}

impl Instruments {
    /// Those of a process with the settings `config`: one for each of its services in a world under control.
    pub(super) fn of(config: &Config) -> BTreeMap<ServiceName, Self> {
        let under_control = config.only.iter().filter(|_| config.control.is_some());
        under_control.map(|name| (*name, Self::at(*name))).collect()
    }

    fn at(name: ServiceName) -> Self {
        let is_inside = name != ServiceName::Gateway;
        Self { faults: Faults::of(name.as_str()), recorder: Recorder::of(name.as_str(), is_inside) }
    }
}
