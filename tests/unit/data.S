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

	/* As Debian's tzdata has them, and one that no image has. */
	.global zones_start
zones_start:
	.ascii "Africa/Casablanca <+00>0\n"
	.ascii "America/New_York EST5EDT,M3.2.0,M11.1.0\n"
	.ascii "America/Nuuk <-02>2<-01>,M3.5.0/-1,M10.5.0/0\n"
	.ascii "America/St_Johns NST3:30NDT,M3.2.0,M11.1.0\n"
	.ascii "Asia/Gaza EET-2EEST,M3.4.4/50,M10.4.4/50\n"
	.ascii "Asia/Kolkata IST-5:30\n"
	.ascii "Australia/Lord_Howe <+1030>-10:30<+11>-11,M10.1.0,M4.1.0\n"
	.ascii "EST5EDT EST5EDT,M3.2.0,M11.1.0\n"
	.ascii "Europe/Berlin CET-1CEST,M3.5.0,M10.5.0/3\n"
	.ascii "Europe/Dublin IST-1GMT0,M10.5.0,M3.5.0/1\n"
	.ascii "Pgbox/Table TAB-1:23\n"
	.ascii "UTC UTC0\n"
	.byte 0

	.section .note.GNU-stack, "", %progbits
