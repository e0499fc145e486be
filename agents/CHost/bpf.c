#include "Groups.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/// The name of our programs, as bpftool(8) shows it.
static const char program_name[] = "tm_devices";
enum { attached_max = 64 };

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
    long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
    return result < 0 ? -errno : (int)result;
}

// MARK: the program

static struct bpf_insn load(int into, int offset) {
    return (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (uint8_t)into, .src_reg = BPF_REG_1,
                             .off = (int16_t)offset};
}

static struct bpf_insn alu(int operation, int reg, int32_t value) {
    return (struct bpf_insn){.code = (uint8_t)(BPF_ALU | operation | BPF_K), .dst_reg = (uint8_t)reg, .imm = value};
}

/// Goes on `skip` instructions later unless the register holds `value`.
static struct bpf_insn unless(int reg, int32_t value, int skip) {
    return (struct bpf_insn){.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (uint8_t)reg, .off = (int16_t)skip,
                             .imm = value};
}

static const struct bpf_insn leave = {.code = BPF_JMP | BPF_EXIT};

/// The access that is asked for, less what the rule gives, must be nothing; kind and numbers must be the rule's. Writes at
/// most 8 instructions and returns how many.
static int rule_program(struct bpf_insn *code, const struct tm_device_rule *rule) {
    int last = rule->minor < 0 ? 6 : 7, at = 0;
    // Register 2: kind, 3: access asked for, 4: major, 5: minor, 1: what is asked beyond the rule.
    code[at] = unless(BPF_REG_2, (int32_t)rule->kind, last - at), at++;
    code[at++] = (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_3};
    code[at++] = alu(BPF_AND, BPF_REG_1, (int32_t)(~rule->access & 7));
    code[at] = unless(BPF_REG_1, 0, last - at), at++;
    code[at] = unless(BPF_REG_4, rule->major, last - at), at++;
    if (rule->minor >= 0) code[at] = unless(BPF_REG_5, rule->minor, last - at), at++;
    code[at++] = alu(BPF_MOV, BPF_REG_0, 1);
    code[at++] = leave;
    return at;
}

/// A descriptor of the loaded program.
static int load_filter(const struct tm_device_rule *rules, size_t count) {
    if (count > tm_device_rules_max) return -E2BIG;
    struct bpf_insn code[8 + 8 * tm_device_rules_max];
    int at = 0;
    code[at++] = load(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    code[at++] = alu(BPF_AND, BPF_REG_2, 0xffff);
    code[at++] = load(BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    code[at++] = alu(BPF_RSH, BPF_REG_3, 16);
    code[at++] = load(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
    code[at++] = load(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
    for (size_t i = 0; i < count; i++) at += rule_program(code + at, &rules[i]);
    code[at++] = alu(BPF_MOV, BPF_REG_0, 0);
    code[at++] = leave;
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)code;
    attributes.insn_cnt = (uint32_t)at;
    attributes.license = (uint64_t)(uintptr_t) "Apache-2.0";
    memcpy(attributes.prog_name, program_name, sizeof program_name);
    return bpf(BPF_PROG_LOAD, &attributes);
}

// MARK: on a cgroup

static int open_group(const char *folder) {
    int group = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return group < 0 ? -errno : group;
}

/// Ids of the programs on the group itself; how many.
static int attached(int group, uint32_t *ids) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.query.target_fd = (uint32_t)group;
    attributes.query.attach_type = BPF_CGROUP_DEVICE;
    attributes.query.prog_ids = (uint64_t)(uintptr_t)ids;
    attributes.query.prog_cnt = attached_max;
    int result = bpf(BPF_PROG_QUERY, &attributes);
    return result < 0 ? result : (int)attributes.query.prog_cnt;
}

static int change(enum bpf_cmd command, int group, int program) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (uint32_t)group;
    attributes.attach_bpf_fd = (uint32_t)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    // Several may be on one group, and each must allow: also systemd puts its own on groups above.
    if (command == BPF_PROG_ATTACH) attributes.attach_flags = BPF_F_ALLOW_MULTI;
    return bpf(command, &attributes);
}

static int program_of(uint32_t id) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_id = id;
    return bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
}

static int detach(int group, uint32_t id) {
    int program = program_of(id);
    if (program < 0) return program == -ENOENT ? 0 : program;
    int result = change(BPF_PROG_DETACH, group, program);
    close(program);
    return result == -ENOENT ? 0 : result;
}

int tm_device_filter_try(void) {
    int program = load_filter(NULL, 0);
    if (program < 0) return program;
    close(program);
    return 0;
}

int tm_device_filter_apply(const char *folder, const struct tm_device_rule *rules, size_t count) {
    int group = open_group(folder);
    if (group < 0) return group;
    uint32_t old[attached_max];
    int olds = attached(group, old);
    int result = olds;
    if (olds >= 0) {
        int program = load_filter(rules, count);
        result = program < 0 ? program : change(BPF_PROG_ATTACH, group, program);
        if (program >= 0) close(program);
        // While both are on, both must allow.
        for (int i = 0; i < olds && result >= 0; i++) result = detach(group, old[i]);
    }
    close(group);
    return result < 0 ? result : 0;
}

int tm_device_filter_count(const char *folder) {
    int group = open_group(folder);
    if (group < 0) return group;
    uint32_t ids[attached_max];
    int count = attached(group, ids);
    close(group);
    return count;
}

int tm_is_delegated(const char *folder) {
    char value[4];
    static const char *const names[] = {"trusted.delegate", "user.delegate"};
    for (int i = 0; i < 2; i++)
        if (getxattr(folder, names[i], value, sizeof value) == 1 && value[0] == '1') return 1;
    return 0;
}
