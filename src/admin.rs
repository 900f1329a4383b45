//! Administrators made by the operator: `satchel admin`, and the first one from the environment.
//!
//! Roles belong to the user service; this asks auth who owns the e-mail and tells user the role, over their
//! internal routes.

use std::process::ExitCode;
use std::time::Duration;

use chassis::contract::{AccountFound, Role, RoleChange};
use chassis::peer::{Peer, PeerError};
use http::{Method, StatusCode};
use serde_json::json;

use crate::Failed;
use crate::cli::{AdminArgs, AdminChange, ServiceName};
use crate::config::FirstAdmin;
use crate::console;
use crate::operated::{Operated, explained};
use crate::topology::Topology;

/// An operator's call may meet a service that is busy hashing.
const DEADLINE: Duration = Duration::from_secs(10);

/// Runs `satchel admin grant|revoke`.
pub(crate) async fn admin(args: AdminArgs) -> Result<ExitCode, Failed> {
    let (email, role) = match args.change {
        AdminChange::Grant { email } => (email, Role::Admin),
        AdminChange::Revoke { email } => (email, Role::User),
    };
    let world = Operated::reach(args.home, &[ServiceName::Auth, ServiceName::User]).await?;
    let done = set_role(world.peer(ServiceName::Auth)?, world.peer(ServiceName::User)?, &email, role).await;
    world.leave().await;
    done?;
    console::say(&format!("{email} now has the role {}", role.as_str()));
    Ok(ExitCode::SUCCESS)
}

async fn set_role(auth: &Peer, user: &Peer, email: &str, role: Role) -> Result<(), Failed> {
    let account = find(auth, email).await?.ok_or_else(|| format!("no account has the e-mail {email}"))?;
    let path = format!("/internal/accounts/{}/role", account.account);
    let change = RoleChange { role, version: 0 };
    user.call(Method::PUT, &path, Some(&change), DEADLINE).await.map_err(explained)?;
    Ok(())
}

/// Makes sure that the account of `admin` exists and has the role.
pub(crate) async fn ensure(topology: &Topology, admin: &FirstAdmin) -> Result<(), Failed> {
    let (auth, user) = (topology.peer(ServiceName::Auth), topology.peer(ServiceName::User));
    if find(&auth, &admin.email).await?.is_none() {
        let body = json!({ "email": admin.email, "password": admin.password.expose() });
        auth.call(Method::POST, "/auth/register", Some(&body), DEADLINE)
            .await
            .map_err(|error| format!("SATCHEL_ADMIN_EMAIL cannot be registered: {error}"))?;
    }
    set_role(&auth, &user, &admin.email, Role::Admin).await
}

async fn find(auth: &Peer, email: &str) -> Result<Option<AccountFound>, Failed> {
    let email: String =
        email
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    let path = format!("/internal/accounts?email={email}");
    match auth.call(Method::GET, &path, None::<&()>, DEADLINE).await {
        Ok(found) => Ok(Some(serde_json::from_value(found)?)),
        Err(PeerError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
        Err(error) => Err(explained(error)),
    }
}
