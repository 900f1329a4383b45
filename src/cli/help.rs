//! The longer texts of `--help`: examples first, because that is what people look for.

/// What `satchel` itself is asked for first.
pub(super) const FIRST: &str = "Examples:
  satchel demo                  everything with demo data; prints addresses and log-ins
  satchel exec -- npm test      a fresh world around a test run, gone afterwards
  satchel help up               every flag and setting of a world that stays";

/// What `satchel up` is mostly run as.
pub(super) const UP: &str = "Examples:
  satchel up                                  gateway on 8000, data in ./data
  satchel up --ephemeral --ports auto         a throw-away world on free ports
  satchel up --ports auto --ready-file r.json for programs: that file says where everything is
  satchel up --profile dev --control          with a port where tests steer clock and state
  satchel up --only notes --ports 8000,3001,3002,3003
                                              one service, its peers expected on these ports";

/// What `satchel demo` is mostly run as.
pub(super) const DEMO: &str = "Examples:
  satchel demo                                on 8000, 3001, 3002, 3003; data in ./data
  satchel demo --ephemeral                    the same, and nothing is kept
  satchel demo --ports auto                   when those ports are taken";

/// What `satchel exec` is mostly run as, and what its command can rely on.
pub(super) const EXEC: &str = "Examples:
  satchel exec -- npm test
  satchel exec --fixtures people.json -- python3 -m unittest
  satchel exec -- sh -c 'curl -s $SATCHEL_URL/health'

The command finds in its environment: SATCHEL_URL, SATCHEL_AUTH_URL, SATCHEL_USER_URL, SATCHEL_NOTES_URL, \
SATCHEL_CONTROL_URL, SATCHEL_DATA_DIR and JWT_SECRET. Its exit code is passed on (128 plus the number of a signal that \
ended it), and signals are passed to it. What it leaves running is ended. The world ends with whoever started it, \
unless that was nohup.";

/// What `satchel admin` is mostly run as.
pub(super) const ADMIN: &str = "Examples:
  satchel admin grant ada@example.test        on the world in ./data, running or stopped
  satchel admin revoke ada@example.test --data-dir /srv/notes";

/// What `satchel doctor` is mostly run as, and how it ends.
pub(super) const DOCTOR: &str = "Examples:
  satchel doctor                              looks, changes nothing
  satchel doctor --fix                        repairs what can be repaired
  satchel doctor --json | jq .findings        for programs

It works on a running world and on a stopped one. What changed within the last 30 seconds is left out.
Exit codes: 0 clean, 1 all repaired, 2 somebody has to look; 1 also when the world cannot be reached";

/// What `satchel export` is mostly run as, and what is in its file.
pub(super) const EXPORT: &str = "Examples:
  satchel export world.bundle                 the world in ./data, running or stopped
  zcat world.bundle | grep '\"kind\":\"note\"'  one JSON object a line

The file is whole or not there; an older one stays until then. It holds password hashes: keep it as safe as
the data directory. It does not hold JWT_SECRET: tokens go on working where the secret is the same. Captured
mail is not in it.";

/// What `satchel import` is mostly run as, and what it refuses.
pub(super) const IMPORT: &str = "Examples:
  satchel import world.bundle --data-dir copy a new world, or more of one that is there, running or stopped
  satchel import fixtures/demo.json           a fixture, with passwords in the clear

The whole file is looked at first: one mistake, or one record that does not fit, refuses all of it and is told
with its line. What is there already and the same is passed over, so an import that was interrupted can be run
again.";

/// What `satchel mail` is mostly run as.
pub(super) const MAIL: &str = "Examples:
  satchel mail list
  satchel mail show 3
  satchel mail wait --to ada@example.test     prints it as soon as it is there
  satchel mail wait --to ada@example.test --after 3 --timeout 30";

/// For those who write clients.
pub(super) const OPENAPI: &str = "Examples:
  satchel openapi > openapi.json              for generators of clients, and for tools that show an API
  satchel openapi | jq '.paths | keys'        the routes";

/// How shells are told.
pub(super) const COMPLETIONS: &str = "Examples:
  satchel completions bash > ~/.local/share/bash-completion/completions/satchel
  satchel completions zsh > ~/.zfunc/_satchel  with fpath+=~/.zfunc before compinit in .zshrc
  satchel completions fish > ~/.config/fish/completions/satchel.fish";

/// The settings that have no flag.
pub(super) const SETTINGS: &str =
    "Settings, as variables or as keys of the --config file; an empty one counts as unset:
  JWT_SECRET               signs tokens [default: made once, kept in the data directory]
  JWT_EXPIRES_IN           how long a token is good, such as 12h [default: 1d]
  CLIENT_URL               the front end's origin [default: http://localhost:5173]
  AUTH_SERVICE_URL         where auth is when it runs in another process; likewise:
  USER_SERVICE_URL
  NOTES_SERVICE_URL
  EMAIL_HOST               sends mail through this server instead of keeping it
  EMAIL_PORT               its port [default: 587]
  EMAIL_USER, EMAIL_PASS   the log-in there
  EMAIL_FROM               the sender's address
  SATCHEL_ADMIN_EMAIL      makes this account an administrator on start, with
  SATCHEL_ADMIN_PASSWORD   this password if it has to be made first
  SATCHEL_LIMITS           off: no request limits [default: on]
  SATCHEL_TRUSTED_PROXIES  addresses, by commas, whose X-Forwarded-For is believed
  SATCHEL_CONNECTIONS      that the gateway takes at a time [default: 4096]
  SATCHEL_CONNECTIONS_PER_ADDRESS
                           the same for one address [default: 64; dev and ci: 1024]
  SATCHEL_LOG              what is logged, such as warn,auth=debug [default: info]
  SATCHEL_DATA_DIR         the same as --data-dir";
