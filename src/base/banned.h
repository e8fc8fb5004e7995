/*
 * banned - calls that do not compile here. Each has a form that knows its
 * size (struct buf, snprintf) or needs no shell (proc.h).
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#pragma GCC poison strcpy strcat strncat sprintf vsprintf strtok gets system popen

#endif
