// SPDX-License-Identifier: GPL-2.0
/* hp-kernelbad.c: sends the kernel module one bad request after another; TAP on stdout. With "hold": keeps a transaction open. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

static unsigned int test_count, test_failures;
static struct hp_kernel *kernel;
static uint64_t generation;	/* before all cases: none may change it */

static void judge(bool is_good, const char *what, const char *got)
{
	if (!is_good)
		test_failures++;
	printf("%sok %u - %s\n", is_good ? "" : "not ", ++test_count, what);
	if (!is_good)
		printf("#   got: %s\n", got);
}

static int send_plain(uint8_t cmd, struct hp_err *err)
{
	return hp_genl_call(kernel, hp_genl_request(kernel, cmd, 0), NULL, NULL, err);
}

/* The request must be refused with this errno and these words, the registry untouched. */
static void expect(const char *what, struct nlmsghdr *request, int errnum, const char *words)
{
	hp_autoerr err = HP_ERR_INIT, after = HP_ERR_INIT;
	int result = hp_genl_call(kernel, request, NULL, NULL, &err);
	hp_autofree char *got = NULL;
	struct hp_kernel_info info;

	hp_kernel_info(kernel, &info, &after);
	if (asprintf(&got, "%s: %s; generation %" PRIu64 " after %" PRIu64, strerror(-result),
		     err.text ? err.text : "", info.generation, generation) < 0)
		exit(1);
	judge(result == -errnum && (!words || (err.text && strstr(err.text, words))) &&
	      info.generation == generation, what, got);
}

/* ---- pieces of requests ---- */

static void add_domain(struct nlmsghdr *request, const char *name, uint64_t cgroup_id, uint32_t flags)
{
	struct nlattr *nest = mnl_attr_nest_start(request, HP_A_DOMAIN);

	mnl_attr_put_strz(request, HP_DOMAIN_A_NAME, name);
	if (cgroup_id)
		mnl_attr_put_u64(request, HP_DOMAIN_A_CGROUP_ID, cgroup_id);
	if (flags)
		mnl_attr_put_u32(request, HP_DOMAIN_A_FLAGS, flags);
	mnl_attr_nest_end(request, nest);
}

static struct nlattr *start_claim(struct nlmsghdr *request, const char *domain, uint32_t type)
{
	struct nlattr *nest = mnl_attr_nest_start(request, HP_A_CLAIM);

	mnl_attr_put_strz(request, HP_CLAIM_A_DOMAIN, domain);
	mnl_attr_put_u32(request, HP_CLAIM_A_TYPE, type);
	return nest;
}

static void add_ranges(struct nlmsghdr *request, const char *domain, uint32_t type, uint16_t attr, size_t bytes,
		       const uint32_t *pairs)
{
	struct nlattr *nest = start_claim(request, domain, type);

	if (type == HP_CLAIM_MEMORY)
		mnl_attr_put_u64(request, HP_CLAIM_A_MEM_BYTES, 4096);
	mnl_attr_put(request, attr, bytes, pairs);
	mnl_attr_nest_end(request, nest);
}

static void add_memory(struct nlmsghdr *request, const char *domain, uint64_t bytes)
{
	struct nlattr *nest = start_claim(request, domain, HP_CLAIM_MEMORY);

	mnl_attr_put_u64(request, HP_CLAIM_A_MEM_BYTES, bytes);
	mnl_attr_nest_end(request, nest);
}

static void add_pci(struct nlmsghdr *request, const char *domain, uint32_t bus, uint32_t device, uint32_t function)
{
	struct nlattr *nest = start_claim(request, domain, HP_CLAIM_PCI);

	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_SEGMENT, 0);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_BUS, bus);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_DEVICE, device);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_FUNCTION, function);
	mnl_attr_nest_end(request, nest);
}

static void add_cpus(struct nlmsghdr *request, const char *domain, uint32_t first, uint32_t last)
{
	add_ranges(request, domain, HP_CLAIM_CPU, HP_CLAIM_A_CPUS, 8, (uint32_t[]){ first, last });
}

/* ---- what no transaction is needed for ---- */

static void outside_of_a_transaction(void)
{
	struct nlmsghdr *request;

	request = hp_genl_request(kernel, HP_CMD_GET_INFO, 0);
	mnl_attr_put_u32(request, 99, 1);
	expect("an unknown attribute is refused", request, EINVAL, NULL);

	request = hp_genl_request(kernel, HP_CMD_GET_INFO, 0);
	mnl_attr_put_u64(request, HP_A_GENERATION, 1);
	expect("an attribute of another command is refused", request, EINVAL, NULL);

	request = hp_genl_request(kernel, HP_CMD_GET_INFO, 0);
	((struct genlmsghdr *)mnl_nlmsg_get_payload(request))->reserved = 1;
	expect("a reserved header field is refused", request, EINVAL, NULL);

	request = hp_genl_request(kernel, HP_CMD_GET_EVENT, NLM_F_DUMP);
	mnl_attr_put_u32(request, HP_A_DOMAIN_COUNT, 1);
	expect("an attribute on a dump that takes none is refused", request, EINVAL, NULL);

	expect("an unknown command is refused", hp_genl_request(kernel, 200, 0), EOPNOTSUPP, NULL);
	expect("a notification is no command", hp_genl_request(kernel, HP_CMD_EVENT, 0), EOPNOTSUPP, NULL);
	expect("a domain is asked for by name", hp_genl_request(kernel, HP_CMD_GET_DOMAIN, 0), EINVAL, "which domain");

	request = hp_genl_request(kernel, HP_CMD_GET_DOMAIN, 0);
	mnl_attr_put_strz(request, HP_A_DOMAIN_NAME, "nobody");
	expect("an absent domain is ENOENT", request, ENOENT, "no domain nobody");

	request = hp_genl_request(kernel, HP_CMD_GET_CLAIM, NLM_F_DUMP);
	mnl_attr_put_strz(request, HP_A_DOMAIN_NAME, "nobody");
	/* 6.1 hands the start of a dump no extended ack, so there are no words to ask for. */
	expect("claims of an absent domain are ENOENT", request, ENOENT, NULL);

	expect("commit needs a transaction", hp_genl_request(kernel, HP_CMD_TXN_COMMIT, 0), ENOENT, "no transaction");
	expect("abort needs a transaction", hp_genl_request(kernel, HP_CMD_TXN_ABORT, 0), ENOENT, "no transaction");
	request = hp_genl_request(kernel, HP_CMD_TXN_STAGE, 0);
	add_domain(request, "alpha", 0, 0);
	expect("stage needs a transaction", request, ENOENT, "no transaction");
}

/* ---- bad entries: each in a fresh transaction that already holds the good domain alpha with CPU 1 ---- */

static struct nlmsghdr *fresh(void)
{
	struct nlmsghdr *request;
	hp_autoerr err = HP_ERR_INIT;

	send_plain(HP_CMD_TXN_ABORT, NULL);
	if (send_plain(HP_CMD_TXN_BEGIN, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	request = hp_genl_request(kernel, HP_CMD_TXN_STAGE, 0);
	add_domain(request, "alpha", 77, HP_DOMAIN_F_BASE);
	add_cpus(request, "alpha", 1, 1);
	return request;
}

static void bad_domains(void)
{
	static const char *const names[] = { "", "Alpha", "-a", "a-", "a_b", "1a", "a b", "a/b", "..", "\xc3\xa4" };
	struct nlmsghdr *request;
	struct nlattr *nest;

	for (size_t i = 0; i < hp_array_size(names); i++) {
		request = fresh();
		add_domain(request, names[i], 0, 0);
		expect("a bad domain name is refused", request, EINVAL, "a name is");
	}
	request = fresh();
	add_domain(request, "abcdefghijklmnopqrstuvwxyz0123456", 0, 0);
	expect("a name of 33 bytes is refused", request, EINVAL, NULL);
	request = fresh();
	nest = mnl_attr_nest_start(request, HP_A_DOMAIN);
	mnl_attr_put(request, HP_DOMAIN_A_NAME, 4, "beta");
	mnl_attr_nest_end(request, nest);
	expect("a name without its NUL is refused", request, EINVAL, NULL);
	request = fresh();
	nest = mnl_attr_nest_start(request, HP_A_DOMAIN);
	mnl_attr_nest_end(request, nest);
	expect("a domain without a name is refused", request, EINVAL, "needs a name");
	request = fresh();
	add_domain(request, "beta", 0, 0x80);
	expect("an unknown domain flag is refused", request, EINVAL, NULL);
	request = fresh();
	add_domain(request, "alpha", 0, 0);
	expect("the same domain twice is refused", request, EBUSY, "domain alpha: given twice");
	request = fresh();
	add_domain(request, "beta", 77, 0);
	expect("a shared cgroup names both", request, EBUSY, "cgroup id 77: claimed by alpha, wanted by beta");
	request = fresh();
	add_domain(request, "beta", 0, HP_DOMAIN_F_BASE);
	expect("a second base names both", request, EBUSY, "base: is alpha, wanted by beta");
}

static void bad_shapes(void)
{
	struct nlmsghdr *request;
	struct nlattr *nest;

	expect("an open transaction is not opened again",
	       (fresh(), hp_genl_request(kernel, HP_CMD_TXN_BEGIN, 0)), EBUSY, "already open");
	fresh();
	expect("an empty stage is refused", hp_genl_request(kernel, HP_CMD_TXN_STAGE, 0), EINVAL, "empty: no domain");
	expect("a refused stage ends the transaction", hp_genl_request(kernel, HP_CMD_TXN_ABORT, 0), ENOENT,
	       "no transaction");
	request = fresh();
	mnl_attr_put_u32(request, HP_A_ABI, 1);
	expect("an attribute that is no entry is refused", request, EINVAL, NULL);
	request = fresh();
	mnl_attr_put(request, HP_A_DOMAIN, 8, "\x08\0\x02\0b\0\0");
	expect("a nest not marked as such is refused", request, EINVAL, NULL);
	request = fresh();
	nest = mnl_attr_nest_start(request, HP_A_DOMAIN);
	mnl_attr_put_strz(request, HP_DOMAIN_A_NAME, "beta");
	mnl_attr_put_u32(request, 99, 1);
	mnl_attr_nest_end(request, nest);
	expect("an unknown attribute in a domain is refused", request, EINVAL, NULL);
	request = fresh();
	nest = mnl_attr_nest_start(request, HP_A_DOMAIN);
	mnl_attr_put_strz(request, HP_DOMAIN_A_NAME, "beta");
	mnl_attr_put_u32(request, HP_DOMAIN_A_CLAIM_COUNT, 1);
	mnl_attr_nest_end(request, nest);
	expect("a value only the module gives is refused", request, EINVAL, NULL);
	request = fresh();
	nest = mnl_attr_nest_start(request, HP_A_DOMAIN);
	mnl_attr_put_strz(request, HP_DOMAIN_A_NAME, "beta");
	mnl_attr_put_u32(request, HP_DOMAIN_A_CGROUP_ID, 1);
	mnl_attr_nest_end(request, nest);
	expect("a number of another size is refused", request, EINVAL, NULL);
	request = fresh();
	nest = mnl_attr_nest_start(request, HP_A_DOMAIN);
	mnl_attr_put_strz(request, HP_DOMAIN_A_NAME, "beta");
	mnl_attr_nest_end(request, nest);
	nest->nla_len += 40;
	expect("an attribute that reaches past the message is refused", request, EINVAL, NULL);
	request = fresh();
	memset(mnl_nlmsg_get_payload_tail(request), 0, 4);
	request->nlmsg_len += 3;
	expect("bytes left over at the end are refused", request, EINVAL, NULL);
}

static void bad_claims(void)
{
	static const uint32_t reversed[] = { 5, 4 }, touching[] = { 4, 5, 5, 6 }, shuffled[] = { 6, 7, 4, 5 };
	struct nlmsghdr *request;
	struct nlattr *nest;

	request = fresh();
	add_cpus(request, "beta", 2, 2);
	expect("a claim of an unknown domain is refused", request, ENOENT, "claim of beta");
	request = fresh();
	mnl_attr_nest_end(request, start_claim(request, "alpha", 77));
	expect("a claim type to come is refused as such", request, EOPNOTSUPP, "claim type 77 of alpha");
	request = fresh();
	mnl_attr_nest_end(request, start_claim(request, "alpha", 0));
	expect("claim type 0 is refused", request, EOPNOTSUPP, "claim type 0");
	request = fresh();
	mnl_attr_nest_end(request, start_claim(request, "alpha", HP_CLAIM_CPU));
	expect("a cpu claim without CPUs is refused", request, EINVAL, "cpu claim of alpha: cpus is missing");
	request = fresh();
	nest = start_claim(request, "alpha", HP_CLAIM_MEMORY);
	mnl_attr_put_u64(request, HP_CLAIM_A_MEM_BYTES, 1);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_BUS, 1);
	mnl_attr_nest_end(request, nest);
	expect("a memory claim with a bus is refused", request, EINVAL, "pci-bus does not belong to it");
	request = fresh();
	add_ranges(request, "alpha", HP_CLAIM_CPU, HP_CLAIM_A_CPUS, 0, reversed);
	expect("an empty CPU set is refused", request, EINVAL, "0 bytes");
	request = fresh();
	add_ranges(request, "alpha", HP_CLAIM_CPU, HP_CLAIM_A_CPUS, 7, reversed);
	expect("half a range is refused", request, EINVAL, "7 bytes");
	request = fresh();
	add_ranges(request, "alpha", HP_CLAIM_CPU, HP_CLAIM_A_CPUS, sizeof(reversed), reversed);
	expect("a reversed range is refused", request, EINVAL, "range 5-4");
	request = fresh();
	add_ranges(request, "alpha", HP_CLAIM_CPU, HP_CLAIM_A_CPUS, sizeof(touching), touching);
	expect("ranges that overlap are refused", request, EINVAL, "range 5-6");
	request = fresh();
	add_ranges(request, "alpha", HP_CLAIM_CPU, HP_CLAIM_A_CPUS, sizeof(shuffled), shuffled);
	expect("ranges in disorder are refused", request, EINVAL, "range 4-5");
	request = fresh();
	add_cpus(request, "alpha", 2, 4000000000u);
	expect("a CPU the machine cannot have is refused", request, ENODEV, "cpu 4000000000: wanted by alpha");
	request = fresh();
	add_pci(request, "alpha", 256, 0, 0);
	expect("bus 256 is refused", request, ERANGE, NULL);
	request = fresh();
	add_pci(request, "alpha", 0, 32, 0);
	expect("device 32 is refused", request, ERANGE, NULL);
	request = fresh();
	add_pci(request, "alpha", 0, 0, 8);
	expect("function 8 is refused", request, ERANGE, NULL);
}

static void overlaps(void)
{
	struct nlmsghdr *request;

	request = fresh();
	add_domain(request, "beta", 0, 0);
	add_cpus(request, "beta", 0, 3);
	expect("a CPU overlap names both", request, EBUSY, "cpu 1: claimed by alpha, wanted by beta");
	request = fresh();
	add_domain(request, "beta", 0, 0);
	add_pci(request, "alpha", 3, 0, 1);
	add_pci(request, "beta", 3, 0, 1);
	expect("a PCI overlap names both", request, EBUSY, "pci 0000:03:00.1: claimed by alpha, wanted by beta");
	request = fresh();
	add_memory(request, "alpha", 4096);
	add_memory(request, "alpha", 4096);
	expect("memory is claimed once", request, EBUSY, "memory: claimed by alpha");
	request = fresh();
	add_domain(request, "beta", 0, 0);
	add_memory(request, "alpha", UINT64_MAX);
	add_memory(request, "beta", 1);
	expect("memory beyond 64 bits is refused", request, ENOSPC, "overflow");
}

/* ---- what only the commit can tell ---- */

static struct nlmsghdr *commit_of(uint32_t domains, uint32_t claims)
{
	struct nlmsghdr *request = hp_genl_request(kernel, HP_CMD_TXN_COMMIT, 0);

	mnl_attr_put_u32(request, HP_A_DOMAIN_COUNT, domains);
	mnl_attr_put_u32(request, HP_A_CLAIM_COUNT, claims);
	return request;
}

static void stage_well(struct nlmsghdr *request)
{
	hp_autoerr err = HP_ERR_INIT;

	if (hp_genl_call(kernel, request, NULL, NULL, &err)) {
		printf("Bail out! cannot stage: %s\n", err.text);
		exit(1);
	}
}

static void bad_commits(void)
{
	struct nlmsghdr *request;

	stage_well(fresh());
	expect("a commit states its counts", hp_genl_request(kernel, HP_CMD_TXN_COMMIT, 0), EINVAL, "gives the counts");
	stage_well(fresh());
	expect("a table with a hole is refused", commit_of(1, 2), EINVAL, "1 domains and 1 claims are staged");
	stage_well(fresh());
	request = commit_of(1, 1);
	mnl_attr_put_u64(request, HP_A_GENERATION, generation + 1);
	expect("a stale generation is refused", request, ESTALE, "generation is");
	expect("a refused commit ends the transaction", commit_of(1, 1), ENOENT, "no transaction");

	request = fresh();
	add_memory(request, "alpha", UINT64_C(1) << 60);
	stage_well(request);
	expect("more memory than there is is refused", commit_of(1, 2), ENOSPC, "add up to 1152921504606846976");
	request = fresh();
	add_ranges(request, "alpha", HP_CLAIM_MEMORY, HP_CLAIM_A_MEM_NODES, 8, (uint32_t[]){ 0, 4000000000u });
	stage_well(request);
	expect("a node without memory is refused", commit_of(1, 2), ENODEV, "wanted by alpha, has no memory");
}

/* ---- limits ---- */

static void too_many_domains(void)
{
	struct nlmsghdr *request = fresh();
	char name[16];

	for (int i = 1; i < 129; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		add_domain(request, name, 0, 0);
	}
	expect("domain 129 is refused", request, ENOSPC, "a table holds 128 domains");
}

static void too_many_claims(void)
{
	struct nlmsghdr *request = fresh();
	int i = 0;

	for (; i < 16384; i++) {
		if (request->nlmsg_len > 60000) {
			stage_well(request);
			request = hp_genl_request(kernel, HP_CMD_TXN_STAGE, 0);
		}
		add_pci(request, "alpha", (uint32_t)i >> 8, (uint32_t)i >> 3 & 31, (uint32_t)i & 7);
	}
	expect("claim 16385 is refused", request, ENOSPC, "a table holds 16384 claims");
}

/* A transaction lives on its own socket, and its place is free again when that closes. */
static void too_many_transactions(void)
{
	struct hp_kernel *own = kernel, *others[16];
	hp_autoerr err = HP_ERR_INIT;
	int opened = 0;

	send_plain(HP_CMD_TXN_ABORT, NULL);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 16; i++) {
			if (hp_kernel_open(&others[i], &err))
				break;
			kernel = others[i];
			opened += !send_plain(HP_CMD_TXN_BEGIN, &err);
		}
		kernel = own;
		expect("transaction 17 is refused", hp_genl_request(kernel, HP_CMD_TXN_BEGIN, 0), ENOSPC,
		       "16 transactions are open");
		for (int i = 0; i < 16; i++)
			hp_kernel_close(others[i]);
	}
	judge(opened == 48, "a closed socket takes its transaction along", err.text ? err.text : "");
}

/* Stages a claim of CPU 1, says so, and waits for the end of stdin. */
static int hold(void)
{
	stage_well(fresh());
	puts("holding");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

int main(int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	struct hp_kernel_info info;

	if (hp_kernel_open(&kernel, &err) || hp_kernel_info(kernel, &info, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	generation = info.generation;
	if (argc > 1 && strcmp(argv[1], "hold") == 0)
		return hold();
	outside_of_a_transaction();
	bad_domains();
	bad_shapes();
	bad_claims();
	overlaps();
	bad_commits();
	too_many_domains();
	too_many_claims();
	too_many_transactions();
	hp_kernel_close(kernel);
	printf("%u cases\n", test_count);
	return test_failures ? 1 : 0;
}
