/* customers.c - a trickle of people who write to the shop, in Spanish, Portuguese and English,
 * with accents and emoji: what a newcomer sees in `make demo`. Each keeps one number, one name
 * and one language; every `every_ms` one of them writes (0 customers or 0 ms: silence). */
#include "meta.h"

#include <stdio.h>

static const char *const names[3][6] = {
	{ "Lucía Fernández", "José Ibáñez", "Ángela Núñez", "Martín Peña", "Sofía Güell",
	  "Íñigo Ruiz" },
	{ "Rui Gonçalves", "João Conceição", "Inês Magalhães", "Antônio Sá", "Flávia Araújo",
	  "Zé 🦊" },
	{ "Emma Clarke", "Liam O'Brien", "Zoë Hart", "Noah \"Bo\" Reed", "Ava Stone", "Finn & Co" },
};
static const char *const lines[3][10] = {
	{ "¡Hola! ¿Tienen pan sin gluten?", "¿Cuánto cuesta el envío a Málaga?",
	  "Quisiera cambiar mi pedido, por favor 🙏", "¿A qué hora abren mañana?",
	  "El señor de la tienda dijo que llegaría el miércoles…", "¡Muchísimas gracias! 😍",
	  "¿Puedo pagar con tarjeta o sólo en efectivo?", "Me falta una caja del pedido 1/2",
	  "Perdón, era la dirección: C/ Núñez de Balboa 12, 3º", "Vale, perfecto 👌" },
	{ "Olá, bom dia! Vocês têm pão de queijo? 🧀",
	  "Quanto fica o frete até São João del-Rei?", "Não recebi o código de rastreio",
	  "Dá pra entregar amanhã às 10h?", "Aceitam Pix ou só cartão?",
	  "Obrigada, até já! ❤️", "Cadê o meu pedido? Já são três dias 😕",
	  "É possível trocar por outro tamanho?", "Ótimo, fico à espera.",
	  "https://exemplo.test/promo/pães?id=1 é isso mesmo?" },
	{ "Hi, do you have this in blue? 💙", "What time do you close today?",
	  "My order hasn't arrived yet", "Can I pay on delivery?", "Thanks a lot! 🎉",
	  "Is the café open on Sundays?", "I'd like to return one of the two items",
	  "Could you send me the invoice, please?", "Great, see you at 5",
	  "The link https://shop.example.test/a/b is broken" },
};

static void tick(void *ctx, void *arg)
{
	struct meta *t = ctx;
	struct buf id = { 0 };
	char from[32];

	(void)arg;
	if (t->totem && t->customers > 0 && t->every_ms > 0) {
		unsigned who = (unsigned)(rnd(&t->d.rnd) % (unsigned)t->customers);
		unsigned lang = who % 3;
		static const char *const prefix[3] = { "346", "55119", "141" };
		snprintf(from, sizeof from, "%s%08u", prefix[lang],
			 10000000u + who * 7919u % 80000000u);
		meta_say(t, from, names[lang][who / 3 % 6], lines[lang][rnd(&t->d.rnd) % 10], NULL,
			 NULL, &id);
		buf_free(&id);
	}
	mini_after(t->d.m, t->every_ms > 0 ? t->every_ms : 1000, tick, t, NULL);
}

void customers_start(struct meta *t)
{
	mini_after(t->d.m, t->every_ms > 0 ? t->every_ms : 1000, tick, t, NULL);
}
