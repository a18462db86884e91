// SPDX-License-Identifier: GPL-2.0
/* boot_policy.c: puts the claims of a policy file in force while the module loads. */
#include <linux/firmware.h>
#include <linux/module.h>
#include <linux/verification.h>

#include "hostpart.h"

static bool boot_policy = true;
module_param(boot_policy, bool, 0444);
MODULE_PARM_DESC(boot_policy,
		 "put the claims of firmware file " HP_POLICY_FILE " in force (default: true)");

/* So that one word on the kernel's command line, hostpart.disable, leaves an ordinary machine. */
static bool disable;
module_param(disable, bool, 0444);
MODULE_PARM_DESC(disable, "leave the boot policy alone, as boot_policy=0 does (default: false)");

static bool require_signed;
module_param(require_signed, bool, 0444);
MODULE_PARM_DESC(require_signed, "refuse a boot policy without a signature (default: false)");

#ifdef CONFIG_SYSTEM_DATA_VERIFICATION
static int verify(const struct hp_blob *blob, struct key *keys)
{
	return verify_pkcs7_signature(blob->data, blob->signed_bytes, blob->signature,
				      blob->signature_bytes, keys,
				      VERIFYING_UNSPECIFIED_SIGNATURE, NULL, NULL);
}

/* The keys built in and those vouched for by them; then those of the firmware and its owner. */
static int check_signature(const struct hp_blob *blob, struct hp_refusal *why)
{
	int err = verify(blob, VERIFY_USE_SECONDARY_KEYRING);

	if (err == -ENOKEY)
		err = verify(blob, VERIFY_USE_PLATFORM_KEYRING);
	if (err == -ENOKEY)
		return hp_refuse(why, err, "signed by a key that this kernel does not trust");
	if (err)
		return hp_refuse(why, err, "its signature is not valid (%d)", err);
	return 0;
}
#else
static int check_signature(const struct hp_blob *blob, struct hp_refusal *why)
{
	return hp_refuse(why, -EOPNOTSUPP, "signed, but this kernel cannot check signatures");
}
#endif

/* A signature that is there is checked, required or not. */
static int check_origin(const struct hp_blob *blob, struct hp_refusal *why)
{
	if (blob->signature)
		return check_signature(blob, why);
	if (require_signed)
		return hp_refuse(why, -EKEYREJECTED,
				 "not signed, and the module was loaded with require_signed");
	return 0;
}

static int read_blob(const struct firmware *file, struct hp_table *table, struct hp_refusal *why)
{
	struct hp_blob blob;
	int err;

	err = hp_blob_open(file->data, file->size, &blob, why);
	if (!err)
		err = check_origin(&blob, why);
	if (!err)
		err = hp_blob_parse(&blob, table, why);
	return err;
}

static int put_in_force(const struct firmware *file, const struct hp_actor_info *actor,
			struct hp_refusal *why)
{
	struct hp_table *table = hp_table_new();
	int err;

	if (!table)
		return -ENOMEM;
	err = read_blob(file, table, why);
	if (!err) {
		mutex_lock(&hp_registry_lock);
		err = hp_registry_replace(table, NULL, HP_EVENT_BOOT_POLICY, actor, why);
		mutex_unlock(&hp_registry_lock);
	}
	if (err) {
		hp_table_free(table);
		return err;
	}
	pr_info("hostpart: boot policy: %u domains with %u claims are in force\n",
		table->domain_count, table->claim_count);
	return 0;
}

static void tell_refused(int err, const struct hp_actor_info *actor, struct hp_refusal *why)
{
	struct hp_event event = {
		.type = HP_EVENT_BOOT_POLICY,
		.error = -err,
		.actor = *actor,
	};

	if (!why->text[0])
		hp_refuse(why, err, "error %d", err);
	rcu_read_lock();
	event.generation = hp_registry_table()->generation;
	rcu_read_unlock();
	strscpy(event.reason, why->text, sizeof(event.reason));
	hp_event_emit(&event, GFP_KERNEL);
	pr_err("hostpart: boot policy " HP_POLICY_FILE " refused: %s\n", why->text);
}

/*
 * A bad policy does not keep the module from loading: without it nothing could
 * be claimed at all, and the one who can put things right needs it.
 */
void __init hp_boot_policy_load(void)
{
	const struct firmware *file;
	struct hp_refusal why = {};
	struct hp_actor_info actor;
	int err;

	if (!boot_policy || disable)
		return;
	hp_actor_set_current(&actor);
	err = firmware_request_nowarn(&file, HP_POLICY_FILE, NULL);
	if (err == -ENOENT)
		return;
	if (err) {
		hp_refuse(&why, err, "it cannot be read (%d)", err);
	} else {
		err = put_in_force(file, &actor, &why);
		release_firmware(file);
	}
	if (err)
		tell_refused(err, &actor, &why);
}
