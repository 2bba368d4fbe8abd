//! The system calls that a confined process may not make.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io;

use libc::c_long;
use seccompiler::SeccompCmpArgLen::Dword;
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    sock_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refused whatever their arguments, by the reason for which a decoder needs none of them.
const DENIED: &[&[c_long]] = &[
    // The network, and System V and POSIX queues.
    &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_semget,
        libc::SYS_msgget,
        libc::SYS_mq_open,
    ],
    // Other processes.
    &[
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_kcmp,
        libc::SYS_setsid,
        libc::SYS_setpgid,
        libc::SYS_execveat,
    ],
    // Mounts and namespaces.
    &[
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_mount_setattr,
        libc::SYS_unshare,
        libc::SYS_setns,
    ],
    // Kernel surface that exploits like.
    &[
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_name_to_handle_at,
        libc::SYS_open_by_handle_at,
        libc::SYS_fanotify_init,
        libc::SYS_quotactl,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_reboot,
        libc::SYS_acct,
        libc::SYS_syslog,
        libc::SYS_personality,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
    ],
    // What Landlock does not see, or only where it is there: modes, owners, attributes, times.
    // Links too: a symbolic link in the scratch folder would lead its unconfined reader astray.
    &[
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        SYS_FCHMODAT2,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        SYS_SETXATTRAT,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
        SYS_REMOVEXATTRAT,
        SYS_FILE_SETATTR,
        libc::SYS_utimensat,
        libc::SYS_symlinkat,
        libc::SYS_linkat,
        libc::SYS_mknodat,
    ],
];

// Numbers newer than the libc crate's tables; equal on every architecture since Linux 5.1.
const SYS_FCHMODAT2: c_long = 452;
const SYS_SETXATTRAT: c_long = 463;
const SYS_REMOVEXATTRAT: c_long = 466;
const SYS_FILE_SETATTR: c_long = 469;

/// Calls that only x86-64 still has; arm64 began with their successors above.
#[cfg(target_arch = "x86_64")]
const DENIED_HERE: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_symlink,
    libc::SYS_link,
    libc::SYS_mknod,
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(target_arch = "aarch64")]
const DENIED_HERE: &[c_long] = &[libc::SYS_kexec_file_load];

/// Installs the filters on the calling thread for ever; `pid` is the process itself.
///
/// Without `executing`, no other program can take the process over, even where Landlock is absent.
///
/// Refused calls fail with EPERM, so that a program can say so; `clone3` with ENOSYS, so that the
/// C library falls back to `clone`, whose flags a filter can read. A foreign ABI kills.
pub(crate) fn install(pid: u32, executing: bool) -> io::Result<()> {
    let mut rules: Rules = DENIED
        .iter()
        .copied()
        .chain([DENIED_HERE])
        .flatten()
        .map(|&number| (number, Vec::new()))
        .collect();
    rules.extend(denied_by_argument(pid)?);
    if !executing {
        rules.insert(libc::SYS_execve, Vec::new());
    }
    let clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
    for (rules, errno) in [(rules, libc::EPERM), (clone3, libc::ENOSYS)] {
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(errno as u32),
            std::env::consts::ARCH
                .try_into()
                .map_err(io::Error::other)?,
        );
        let program: BpfProgram = filter
            .and_then(BpfProgram::try_from)
            .map_err(io::Error::other)?;
        seccompiler::apply_filter(&program).map_err(io::Error::other)?;
    }
    if cfg!(target_arch = "x86_64") {
        seccompiler::apply_filter(&KILL_X32).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Kills on any call of the x32 ABI, which shares x86-64's audit architecture but not its numbers.
const KILL_X32: [sock_filter; 4] = [
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
    sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16,
        jt: 0,
        jf: 1,
        k: 0x4000_0000, // __X32_SYSCALL_BIT
    },
    statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_KILL_PROCESS),
    statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
];

const fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    }
}

fn denied_by_argument(pid: u32) -> io::Result<Rules> {
    let other = |argument| when(argument, Ne, u64::from(pid));
    let own_only = [
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_tgkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
    ];
    let mut rules = Rules::new();
    for number in own_only {
        rules.insert(number, vec![rule(vec![other(0)?])?]);
    }
    // 0 means "myself" here.
    let foreign = rule(vec![other(0)?, when(0, Ne, 0)?])?;
    rules.insert(libc::SYS_prlimit64, vec![foreign]);
    // Threads are fine; a child would outlive PR_SET_PDEATHSIG, which it does not inherit.
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(
        libc::SYS_clone,
        vec![rule(vec![when(0, MaskedEq(thread), 0)?])?],
    );
    let mut when_any = |number, argument, values: &[u64]| -> io::Result<()> {
        let chain = values
            .iter()
            .map(|&value| rule(vec![when(argument, Eq, value)?]));
        rules.insert(number, chain.collect::<io::Result<_>>()?);
        Ok(())
    };
    when_any(libc::SYS_prctl, 0, &[libc::PR_SET_PDEATHSIG as u64])?;
    // Typing into a terminal that is still open, and signals by way of a file's owner.
    when_any(libc::SYS_ioctl, 1, &[libc::TIOCSTI, libc::TIOCLINUX])?;
    when_any(libc::SYS_fcntl, 1, &[libc::F_SETOWN as u64, F_SETOWN_EX])?;
    Ok(rules)
}

const F_SETOWN_EX: u64 = 15; // linux/fcntl.h; the libc crate leaves it out

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, Dword, operator, value).map_err(io::Error::other)
}

fn rule(conditions: Vec<SeccompCondition>) -> io::Result<SeccompRule> {
    SeccompRule::new(conditions).map_err(io::Error::other)
}
