/* SPDX-License-Identifier: GPL-2.0 */
/* hp_backend.h: what a backend offers: read, write and compare settings of one kind of kernel object. */
#ifndef HP_BACKEND_H
#define HP_BACKEND_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/* Where things are; the same for every backend of one run. */
struct hp_ctx {
	struct hp_root *root;		/* live "/" */
	const char *run_dir;		/* "/run/hostpart": state, journal, netns pins */
	const char *lib_dir;		/* "/var/lib/hostpart" */
	const char *libexec_dir;	/* holds domain-init; $HOSTPART_LIBEXEC overrides */
	const char *bpffs_dir;		/* "/sys/fs/bpf/hostpart": pins */
	pid_t caller;			/* for whom: the port of its ssh session is not taken */
};

/*
 * A backend is a const table; an absent operation is NULL and documented in
 * its file. Rules that make crash recovery sound:
 *  - write() is idempotent: writing the live value again succeeds and changes
 *    nothing; writing NULL to an absent object succeeds.
 *  - a write() killed half way is repaired by writing either the old or the
 *    new value again.
 *  - read() of an absent object gives 0 and *value = NULL.
 *  - write(read()) restores what a person or another program would see, byte for byte.
 *  - when the object of an attribute is absent, the attribute reads NULL; writing NULL to an attribute
 *    whose object goes away with it may do nothing.
 *  - -EOPNOTSUPP from write() means: nothing was changed and it can never be done here, err says why.
 */
struct hp_backend {
	const char *name;
	/* 0 when usable here; -EOPNOTSUPP with the reason in err. NULL = always. */
	int (*probe)(struct hp_ctx *ctx, struct hp_err *err);
	/* *value is owned by the caller. */
	int (*read)(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err);
	/* value NULL = make absent. */
	int (*write)(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
		     struct hp_err *err);
	/* Whether a live value satisfies the wanted one; NULL = equal text. Neither is NULL. */
	bool (*satisfies)(const char *attr, const char *live, const char *want);
	/*
	 * For a setting that guards what it names: what of the live value stays
	 * in the wanted one. Written before all other steps, so that nothing is
	 * still guarded for its old owner when it is handed on; *value is owned by
	 * the caller, NULL = nothing stays. Neither text is NULL. NULL = not needed.
	 */
	int (*meet)(const char *live, const char *want, char **value, struct hp_err *err);
	/*
	 * Whether a wanted object outlasts the moment between what a change takes
	 * back and what it makes: -EBUSY, with what to do first, when it would be
	 * gone by then. Asked before a change that takes anything back. NULL = it does.
	 */
	int (*outlasts)(struct hp_ctx *ctx, const char *object, const char *attr, struct hp_err *err);
	/*
	 * read() looks at nothing but files below ctx->root, so a recorded machine
	 * can be planned for; otherwise everything there counts as absent.
	 */
	bool reads_root_only;
};

extern const struct hp_backend hp_backend_systemd, hp_backend_cgroup, hp_backend_netns, hp_backend_devacl,
	hp_backend_domain, hp_backend_port, hp_backend_star, hp_backend_nft, hp_backend_sysfile,
	hp_backend_irq, hp_backend_resctrl, hp_backend_registry, hp_backend_uplink, hp_backend_spoof,
	hp_backend_nat;

/* All of the above by name; NULL for an unknown name. Tests may put another table in place of it. */
const struct hp_backend *hp_backend_find(const char *name);
void hp_backends_override(const struct hp_backend *const *table);	/* NULL-terminated; NULL = built in */

/* Whether `live` (NULL = absent) is what `want` (NULL = absent) asks for. */
bool hp_backend_satisfies(const struct hp_backend *backend, const char *attr, const char *live, const char *want);

#endif
