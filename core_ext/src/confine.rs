//! Confinement of the calling process, for a fresh child before it reads a user's file.
//!
//! Layers, in an order that matters: limits, namespaces, capabilities, no new privileges, death
//! with the parent, Landlock, seccomp. None can be taken off again.

#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
    path_beneath_rules,
};
use nix::sched::CloneFlags;
use rustix::process::{self, Resource, Rlimit, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::seccomp;

/// The newest Landlock that this code was run on; its rights are those of ABI 6 and older.
const LANDLOCK: ABI = ABI::V7;

/// Program loaders, at the places that the psABIs of glibc and musl give them.
///
/// The kernel opens the loader to execute it, so a dynamic program needs both.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

const NICENESS: i32 = 10;

/// What may be touched. Folders stand for everything beneath them.
#[derive(Debug, Default)]
pub struct Paths {
    pub read: Vec<PathBuf>,
    /// Read, written, created and removed; without links and special files.
    pub write: Vec<PathBuf>,
    /// Read and executed; the system's program loaders come with them.
    pub execute: Vec<PathBuf>,
}

/// Hard limits of the process; 0 bytes of memory means no limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub cpu_seconds: u64,
    pub memory_bytes: u64,
    pub file_bytes: u64,
    pub open_files: u64,
}

/// What came into force beyond the layers without which [`confine`] fails.
#[derive(Debug)]
pub struct Confinement {
    /// Landlock's ABI version, 0 without Landlock.
    pub landlock: i32,
    /// `user`, `net`, `ipc`, as far as the machine allows.
    pub namespaces: Vec<&'static str>,
}

/// A layer that could not be put in force, or a path that is not there.
#[derive(Debug)]
pub struct Unconfined {
    pub what: String,
    pub source: io::Error,
}

impl fmt::Display for Unconfined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.source)
    }
}

impl std::error::Error for Unconfined {}

trait OrUnconfined<T> {
    fn or_unconfined(self, what: &str) -> Result<T, Unconfined>;
}

impl<T, E: Into<io::Error>> OrUnconfined<T> for Result<T, E> {
    fn or_unconfined(self, what: &str) -> Result<T, Unconfined> {
        self.map_err(|error| Unconfined {
            what: what.to_owned(),
            source: error.into(),
        })
    }
}

/// Confines the calling process for ever.
///
/// `parent` is the process id whose death ends this one. Fails without a way back, so the caller
/// ends the process: limits already set stay.
pub fn confine(paths: &Paths, limits: Limits, parent: i32) -> Result<Confinement, Unconfined> {
    // Landlock and seccomp bind one thread; another would stay free.
    one_thread().or_unconfined("A process is confined before it starts threads")?;
    limit(limits).or_unconfined("The limits could not be set")?;
    let namespaces = leave_namespaces();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets {
            effective: CapabilitySet::empty(),
            permitted: CapabilitySet::empty(),
            inheritable: CapabilitySet::empty(),
        },
    )
    .or_unconfined("The capabilities could not be dropped")?;
    rustix::thread::set_no_new_privs(true)
        .or_unconfined("The process could not give up new privileges")?;
    // After the namespaces: entering a user namespace clears the parent-death signal.
    die_with_parent(parent).or_unconfined("The process could not be bound to its parent")?;
    let landlock = restrict_files(paths)?;
    seccomp::install(std::process::id(), !paths.execute.is_empty())
        .or_unconfined("The system calls could not be restricted")?;
    Ok(Confinement {
        landlock,
        namespaces,
    })
}

/// Asks the kernel to kill this process when its parent ends; ESRCH if `parent` has already gone.
///
/// The kernel watches the *thread* that started this process. A change of user or an entered user
/// namespace clears the request.
pub fn die_with_parent(parent: i32) -> io::Result<()> {
    process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if self::parent() == parent {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

/// Process id of the present parent, 0 when it is in another namespace.
pub fn parent() -> i32 {
    process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get())
}

fn one_thread() -> io::Result<()> {
    match std::fs::read_dir("/proc/self/task")?.count() {
        1 => Ok(()),
        count => Err(io::Error::other(format!("it has {count} threads"))),
    }
}

fn limit(limits: Limits) -> io::Result<()> {
    let memory = (limits.memory_bytes > 0).then_some(limits.memory_bytes);
    let wanted = [
        (Resource::Cpu, Some(limits.cpu_seconds)),
        (Resource::As, memory),
        (Resource::Fsize, Some(limits.file_bytes)),
        (Resource::Nofile, Some(limits.open_files)),
        (Resource::Core, Some(0)),
        (Resource::Msgqueue, Some(0)),
    ];
    for (resource, wanted) in wanted {
        let Some(wanted) = wanted else { continue };
        // A lower limit of the parent's stays: only root may raise it, and nobody should.
        let value = process::getrlimit(resource)
            .maximum
            .map_or(wanted, |hard| hard.min(wanted));
        process::setrlimit(
            resource,
            Rlimit {
                current: Some(value),
                maximum: Some(value),
            },
        )?;
    }
    // Politeness, not a layer: a failure changes nothing that matters.
    let _ = process::nice(NICENESS);
    Ok(())
}

/// Best effort: kernels and containers often forbid user namespaces, or all but root's.
fn leave_namespaces() -> Vec<&'static str> {
    let network_and_ipc = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC;
    if nix::sched::unshare(network_and_ipc | CloneFlags::CLONE_NEWUSER).is_ok() {
        vec!["user", "net", "ipc"]
    } else if nix::sched::unshare(network_and_ipc).is_ok() {
        vec!["net", "ipc"]
    } else {
        Vec::new()
    }
}

/// Landlock as far as the kernel has it; its ABI, 0 for none.
fn restrict_files(paths: &Paths) -> Result<i32, Unconfined> {
    // Skipping a missing scratch folder would only fail later, and less clearly.
    for path in &paths.write {
        path.metadata().or_unconfined(&format!(
            "The folder to write to cannot be reached, {}",
            path.display()
        ))?;
    }
    let status = landlock_rules(paths)
        .map_err(io::Error::other)
        .or_unconfined("The file system could not be restricted")?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as i32,
        _ => 0,
    })
}

fn landlock_rules(paths: &Paths) -> Result<RestrictionStatus, RulesetError> {
    let read: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let write = read
        | make_bitflags!(AccessFs::{
            WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir
        });
    let execute = read | AccessFs::Execute;
    let loaders = if paths.execute.is_empty() {
        [].as_slice()
    } else {
        &LOADERS
    };
    Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(&paths.read, read))?
        .add_rules(path_beneath_rules(&paths.write, write))?
        .add_rules(path_beneath_rules(&paths.execute, execute))?
        .add_rules(path_beneath_rules(loaders, execute))?
        .restrict_self()
}
