//! What a gateway refuses to start with.

use gateway::{Burst, Gateway, OpenError, Quota};

use crate::world::config;

#[tokio::test]
async fn a_service_is_a_scheme_a_host_and_a_port() {
    for uri in ["https://h:1", "http://h:1/base", "http://h:1/?q", "h:1", "/path"] {
        let mut config = config();
        config.user_uri = uri.parse().unwrap();
        let error = Gateway::open(config).unwrap_err();
        assert!(matches!(error, OpenError::Address { service: "user", .. }), "{uri}: {error}");
    }
}

#[tokio::test]
async fn a_limit_that_lets_nothing_through_is_refused() {
    for (requests, window_s) in [(0, 1), (1, 0)] {
        let mut config = config();
        config.quota = Some(Quota { requests, window_s });
        assert!(matches!(Gateway::open(config), Err(OpenError::ZeroLimit { .. })));
    }
    for (per_second, burst) in [(0, 1), (1, 0)] {
        let mut config = config();
        config.burst = Some(Burst { per_second, burst });
        assert!(matches!(Gateway::open(config), Err(OpenError::ZeroLimit { .. })));
    }
}
