/* queue_list.h - lists of slots; for queue_sched.c only, with the lock held. */
#ifndef STORE_QUEUE_LIST_H
#define STORE_QUEUE_LIST_H

#include "store/queue/queue_priv.h"

static inline void list_push_back(struct slot_list *l, struct slot *s)
{
	s->prev = l->tail;
	s->next = NULL;
	if (l->tail != NULL)
		l->tail->next = s;
	else
		l->head = s;
	l->tail = s;
}

static inline void list_push_front(struct slot_list *l, struct slot *s)
{
	s->prev = NULL;
	s->next = l->head;
	if (l->head != NULL)
		l->head->prev = s;
	else
		l->tail = s;
	l->head = s;
}

/* From the head: what is put back is among the oldest. */
static inline void list_put_by_id(struct slot_list *l, struct slot *s)
{
	struct slot *before = l->head;

	while (before != NULL && before->id < s->id)
		before = before->next;
	if (before == NULL) {
		list_push_back(l, s);
	} else if (before->prev == NULL) {
		list_push_front(l, s);
	} else {
		s->prev = before->prev;
		s->next = before;
		before->prev->next = s;
		before->prev = s;
	}
}

static inline void list_unlink(struct slot_list *l, struct slot *s)
{
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		l->head = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		l->tail = s->prev;
	s->prev = s->next = NULL;
}

#endif
