// SPDX-License-Identifier: GPL-2.0
/* line.c: JSON objects as lines over a stream socket. */
#include "ctl/hp_ctl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

void hp_ctl_reader_clear(struct hp_ctl_reader *reader)
{
	free(reader->data);
	*reader = (struct hp_ctl_reader){ 0 };
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

static int parse_line(const char *line, size_t length, struct json_object **object, struct hp_err *err)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *parsed = NULL;
	bool is_whole = false;

	if (tokener) {
		parsed = json_tokener_parse_ex(tokener, line, (int)length);
		/* The tokener stops after the first value: what follows it is for us to refuse. */
		if (json_tokener_get_error(tokener) == json_tokener_success) {
			size_t end = json_tokener_get_parse_end(tokener);

			is_whole = is_blank(line + end, length - end);
		}
		json_tokener_free(tokener);
	}
	if (!is_whole || !json_object_is_type(parsed, json_type_object)) {
		json_object_put(parsed);
		return hp_err_set(err, EBADMSG, "a line on the control socket is not a JSON object");
	}
	*object = parsed;
	return 0;
}

int hp_ctl_next(struct hp_ctl_reader *reader, struct json_object **object, struct hp_err *err)
{
	char *end = reader->length ? memchr(reader->data, '\n', reader->length) : NULL;
	size_t length;
	int ret;

	*object = NULL;
	if (!end)
		return 0;
	length = (size_t)(end - reader->data);
	ret = parse_line(reader->data, length, object, err);
	reader->length -= length + 1;
	memmove(reader->data, end + 1, reader->length);
	return ret;
}

static int make_room(struct hp_ctl_reader *reader, struct hp_err *err)
{
	size_t capacity = reader->capacity ? reader->capacity * 2 : 4096;
	char *data;

	if (reader->length < reader->capacity)
		return 0;
	if (reader->capacity >= HP_CTL_LINE_MAX)
		return hp_err_set(err, EMSGSIZE, "a line on the control socket is longer than %u bytes", HP_CTL_LINE_MAX);
	data = realloc(reader->data, capacity);
	if (!data)
		return hp_err_errno(err, ENOMEM, "reading from the control socket");
	reader->data = data;
	reader->capacity = capacity;
	return 0;
}

int hp_ctl_read(int fd, struct hp_ctl_reader *reader, struct json_object **object, struct hp_err *err)
{
	ssize_t got;
	int ret;

	ret = hp_ctl_next(reader, object, err);
	if (ret < 0 || *object)
		return ret;
	ret = make_room(reader, err);
	if (ret < 0)
		return ret;
	got = recv(fd, reader->data + reader->length, reader->capacity - reader->length, 0);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : hp_err_errno(err, errno, "reading from the control socket");
	if (got == 0)
		return hp_err_set(err, EPIPE, "the control socket was closed before the answer was complete");
	reader->length += (size_t)got;
	return hp_ctl_next(reader, object, err);
}

int hp_ctl_send(int fd, struct json_object *object, struct hp_err *err)
{
	const struct timeval patience = { .tv_sec = 5 };
	hp_autofree char *line = NULL;
	size_t length, sent = 0;

	line = hp_format("%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	if (!line)
		return hp_err_errno(err, ENOMEM, "writing to the control socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	length = strlen(line);
	while (sent < length) {
		ssize_t n = send(fd, line + sent, length - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hp_err_errno(err, errno, "writing to the control socket");
		sent += (size_t)n;
	}
	return 0;
}
