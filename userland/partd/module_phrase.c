// SPDX-License-Identifier: GPL-2.0
/* module_phrase.c: the module's events in the log's words. */
#include "module_phrase.h"

#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"

static void say_cpu(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	snprintf(phrase->what, sizeof(phrase->what), "taking CPU %lld offline", (long long)event->cpu);
}

static void say_driver(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	snprintf(phrase->what, sizeof(phrase->what), "another driver for %s%s%s", event->function,
		 *event->reason ? ": " : "", event->reason);
}

static void say_port(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	snprintf(phrase->what, sizeof(phrase->what), "port %s of %s", event->port, event->function);
	snprintf(phrase->found, sizeof(phrase->found), "%s", event->type == HP_KERNEL_EVENT_PORT_MOVED_BACK ?
		 "outside its domain's namespace" : event->type == HP_KERNEL_EVENT_PORT_PARKED ?
		 "its namespace ended" : event->reason);
}

static void say_irq(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	if (*event->function)
		snprintf(phrase->what, sizeof(phrase->what), "interrupt %lld of %s", (long long)event->irq, event->function);
	else
		snprintf(phrase->what, sizeof(phrase->what), "interrupt %lld of nobody's", (long long)event->irq);
	if (event->cpu >= 0)
		snprintf(phrase->found, sizeof(phrase->found), "on CPU %lld", (long long)event->cpu);
	else
		snprintf(phrase->found, sizeof(phrase->found), "off its domain's CPUs");
}

static void say_memory(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	snprintf(phrase->what, sizeof(phrase->what), "taking memory of node %lld offline", (long long)event->node);
}

static void say_suspend(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	(void)event;
	snprintf(phrase->what, sizeof(phrase->what), "suspending or hibernating the machine");
}

static void say_unload(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	(void)event;
	snprintf(phrase->what, sizeof(phrase->what), "unloading the module");
}

static void say_seal(const struct hp_kernel_event *event, struct module_phrase *phrase)
{
	snprintf(phrase->what, sizeof(phrase->what), "changing the sealed registry: %s", event->reason);
}

static const struct {
	const char *type, *done;
	void (*say)(const struct hp_kernel_event *event, struct module_phrase *phrase);
} phrases[] = {
	[HP_KERNEL_EVENT_CPU_OFFLINE_VETO] = { "refused", "the module refused it", say_cpu },
	[HP_KERNEL_EVENT_PCI_DRIVER_VETO] = { "refused", "the module undid it", say_driver },
	[HP_KERNEL_EVENT_PORT_MOVED_BACK] = { "drift", "the module put it back", say_port },
	[HP_KERNEL_EVENT_PORT_RENAMED_BACK] = { "drift", "the module renamed it", say_port },
	[HP_KERNEL_EVENT_PORT_PARKED] = { "drift", "parked until its domain starts again", say_port },
	[HP_KERNEL_EVENT_IRQ_MOVED_BACK] = { "drift", "the module moved it back", say_irq },
	[HP_KERNEL_EVENT_IRQ_UNMOVABLE] = { "drift", NULL, say_irq },
	[HP_KERNEL_EVENT_MEMORY_OFFLINE_VETO] = { "refused", "the module refused it", say_memory },
	[HP_KERNEL_EVENT_SUSPEND_VETO] = { "refused", "the module refused it", say_suspend },
	[HP_KERNEL_EVENT_UNLOAD_VETO] = { "refused", "it is in use", say_unload },
	[HP_KERNEL_EVENT_SEAL_REFUSED] = { "refused", "the module refused it", say_seal },
};

bool module_phrase(const struct hp_kernel_event *event, struct module_phrase *phrase, struct hp_event *told)
{
	*phrase = (struct module_phrase){ 0 };
	*told = (struct hp_event){ 0 };
	if (event->type >= hp_array_size(phrases) || !phrases[event->type].say)
		return false;
	/* What could not be moved when a table came is no drift but a gap, which plan and verify list. */
	if (event->type == HP_KERNEL_EVENT_IRQ_UNMOVABLE && !event->actor_is_known)
		return false;
	phrases[event->type].say(event, phrase);
	if (event->error)
		snprintf(phrase->done, sizeof(phrase->done), "the module cannot mend it: %s", strerror((int)event->error));
	told->type = phrases[event->type].type;
	told->domain = *event->domain ? event->domain : NULL;
	told->what = phrase->what;
	told->found = *phrase->found ? phrase->found : NULL;
	told->done = event->error ? phrase->done : phrases[event->type].done;
	return true;
}
