/// The part of CHost.h that is about cgroups' device filters: programs of type BPF_CGROUP_DEVICE through raw bpf(2).
#pragma once
#include <stddef.h>
#include <stdint.h>

// MARK: bpf.c

/// One thing that is allowed; a filter denies all else.
struct tm_device_rule {
    /// BPF_DEVCG_DEV_BLOCK (1) or BPF_DEVCG_DEV_CHAR (2).
    uint32_t kind;
    /// Any combination of BPF_DEVCG_ACC_MKNOD (1), _READ (2) and _WRITE (4).
    uint32_t access;
    int32_t major;
    /// -1 is every minor.
    int32_t minor;
};
/// The most rules of one filter.
enum { tm_device_rules_max = 128 };

/// Whether this process may load such a filter: 0, or the negative errno of the try. Attaches nothing.
int tm_device_filter_try(void);
/// Puts a filter of these rules on the cgroup folder (version 2), in place of those that are on it. At no moment is more
/// allowed than the old or the new one allows. The filter lives as long as the cgroup.
int tm_device_filter_apply(const char *folder, const struct tm_device_rule *rules, size_t count);
/// How many filters are on the folder itself, not counting those of groups above.
int tm_device_filter_count(const char *folder);

// MARK: delegation, in bpf.c as well

/// 1 when systemd has left the cgroup folder to its unit (Delegate=), 0 when not.
int tm_is_delegated(const char *folder);
