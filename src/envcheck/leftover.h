/*
 * leftover - what should have been taken out of a value, or put in its place, before the app got it.
 *
 * `docker run --env-file` and systemd keep a comment behind a value; a reference to a vault is
 * only text unless the program that resolves it starts the app.
 */
#ifndef ENVCHECK_LEFTOVER_H
#define ENVCHECK_LEFTOVER_H

#include <stdbool.h>

/* Whether a value of one line is a comment, or ends in one: "# generate it", "app # the owner". In a
 * secret, which has no blanks before a # otherwise, any # behind a blank begins one; elsewhere only
 * one with a blank and a word behind it: not "Room #3", "1px solid #fff". After a number or a switch
 * every # does: "5 #10". */
bool leftover_comment(const char *value, bool secret);

/* Whether a value is a reference to a secret that nothing has resolved (op://vault/item/field,
 * vault:path, !Ref Key, ${{ name }}), or a sealed one that nothing has opened (ENC[...]). Forms that are
 * the value itself elsewhere (file://, arn:, {{ key }}) count in a secret only. */
bool leftover_reference(const char *value, bool secret);

/* Whether all of a value is a template's: {{ name }}, ${name}, #{name}, <%= name %>. */
bool leftover_template(const char *value);

/* Whether a secret is the path of a mounted one: NAME_FILE was meant. */
bool leftover_path(const char *value);

#endif
