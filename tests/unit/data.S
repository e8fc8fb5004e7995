/* Stands for src/ext/data.S, which needs the libraries that build.sh makes. */
	.section .rodata
	.macro embed name, text
	.global \name\()_start, \name\()_end
\name\()_start:
	.ascii "\text"
\name\()_end:
	.byte 0
	.endm

	embed ca_bundle, ""
	embed licenses, ""
	embed versions, "library 1.0\n"

	.section .note.GNU-stack, "", %progbits
