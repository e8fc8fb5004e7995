/* Files embedded as they are; each ends in a NUL that its _end does not count. */
	.section .rodata

	.macro embed name, file
	.global \name\()_start, \name\()_end
	.hidden \name\()_start, \name\()_end
\name\()_start:
	.incbin "\file"
\name\()_end:
	.byte 0
	.endm

	embed ca_bundle, "ca-bundle.pem"
	embed licenses, "licenses.txt"
	embed versions, "versions"
	embed zones, "zones"

	.section .note.GNU-stack, "", %progbits
