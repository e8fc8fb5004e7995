/* django_label - the label of an app of Django. */
#include "migrated/django_label.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/text.h"
#include "migrated/migration.h"
#include "migrated/python_values.h"

#define CONFIGS 32 /* classes in an apps.py */

enum { LABEL, DEFAULT, NAMES };

static bool is_config(const struct python_class *class)
{
	for (size_t i = 0; i < class->bases.n; i++)
		if (text_ends_with(class->bases.v[i], "Config"))
			return true;
	return false;
}

static bool is_base(const struct python_classes *classes, const char *name)
{
	for (size_t i = 0; i < classes->n; i++)
		if (strs_has(&classes->v[i].bases, name))
			return true;
	return false;
}

struct config {
	bool known;   /* the class is an AppConfig */
	bool chosen;  /* default = True */
	bool unclear;
	char *label;  /* owned; NULL: it gives none */
};

/* The label that the class gives itself, else that of a base in the same file, which
 * stands in front. */
static void read_config(const char *text, size_t len, const struct python_classes *classes,
                        struct config *configs, size_t i)
{
	struct python_assigned names[NAMES] = { [LABEL] = { .name = "label" },
		                                [DEFAULT] = { .name = "default" } };
	const struct python_value *label = &names[LABEL].value;
	struct config *c = &configs[i];
	struct buf error = BUF_INIT;

	c->known = is_config(&classes->v[i]);
	c->unclear = python_values_read(text, len, classes->v[i].name, names, NAMES, &error);
	if (label->kind == VALUE_TEXT)
		c->label = xstrdup(label->text);
	else if (label->kind != VALUE_ABSENT)
		c->unclear = true;
	c->chosen = names[DEFAULT].value.kind == VALUE_TRUE;
	for (size_t k = i; k-- > 0 && label->kind == VALUE_ABSENT && !c->label;)
		if (strs_has(&classes->v[i].bases, classes->v[k].name)) {
			c->label = configs[k].label ? xstrdup(configs[k].label) : NULL;
			c->unclear = c->unclear || configs[k].unclear;
		}
	python_values_free(names, NAMES);
	buf_free(&error);
}

/* Django takes the one AppConfig of apps.py, or the one of several that is the default;
 * INSTALLED_APPS may name any other. False: they differ. */
static bool choose_label(const struct python_classes *classes, const struct config *configs,
                         const char *folder, char **label)
{
	bool chosen = false, ok = true;

	for (size_t i = 0; i < classes->n; i++)
		chosen = chosen || (configs[i].known && configs[i].chosen);
	for (size_t i = 0; i < classes->n && ok; i++) {
		const struct config *c = &configs[i];
		const char *own = c->label ? c->label : folder;

		if (!c->known || (chosen ? !c->chosen : is_base(classes, classes->v[i].name)))
			continue;
		ok = !c->unclear && (!*label || strcmp(*label, own) == 0);
		if (!*label)
			*label = xstrdup(own);
	}
	return ok;
}

int django_label_read(const char *text, size_t len, const char *folder, char **label,
                      struct buf *error)
{
	struct config configs[CONFIGS] = { 0 };
	struct python_classes classes;
	int rc = python_classes_read(text, len, &classes, error);

	*label = NULL;
	for (size_t i = 0; i < classes.n && i < CONFIGS && !rc; i++)
		read_config(text, len, &classes, configs, i);
	if (!rc && (classes.n > CONFIGS || !choose_label(&classes, configs, folder, label))) {
		buf_puts(error, "which label the app has is not plain");
		rc = BAD_DATA;
	}
	if (rc) {
		free(*label);
		*label = NULL;
	}
	for (size_t i = 0; i < CONFIGS; i++)
		free(configs[i].label);
	python_classes_free(&classes);
	return rc;
}

int django_label_find(const char *app, int64_t deadline, char **label, struct buf *error)
{
	static const char *const files[] = { "apps.py", "apps/__init__.py", "__init__.py", "config.py" };
	const char *folder = path_base(app);
	int rc = 0;

	*label = NULL;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !rc && !*label; i++) {
		char *path = xasprintf("%s/%s", app, files[i]);
		struct buf text = BUF_INIT, why = BUF_INIT;

		if (file_is_regular(path)) {
			rc = migration_text(path, deadline, &text, error);
			if (!rc && django_label_read(text.data, text.len, folder, label, &why)) {
				buf_printf(error, "'%s': %s", path, why.data);
				rc = BAD_DATA;
			}
		}
		buf_free(&text);
		buf_free(&why);
		free(path);
	}
	if (!rc && !*label)
		*label = xstrdup(folder);
	return rc;
}
