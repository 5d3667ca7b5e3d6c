/* What the page says, in three languages; the browser's first known language counts. */
const WORDS = {
	en: {
		leave: 'Log out', door_title: 'Open this box',
		door_text: 'Log in with your account. Forgotten? Whoever runs the box can help: totem user reset-password.',
		setup_text: 'You are the first: choose a login and a password of at least 10 characters.',
		login: 'Login', password: 'Password', code: 'Code of the second factor (if you use one)', enter: 'Open', door_wrong: 'The login is over: log in again.',
		queues: 'Queues', queue: 'Queue', waiting: 'Waiting', active: 'Running', delayed: 'Later', completed: 'Done',
		dead: 'Failed', oldest: 'Oldest', action: 'Action', pause: 'Pause', resume: 'Resume', paused: ' paused',
		draining: ' draining', send_title: 'Send a message', to: 'To (phone number with country code)', text: 'Text', send: 'Send',
		sending: 'Sending…', messages: 'Last messages', no_messages: 'No messages yet. What customers write appears here by itself.',
		docs: 'API reference', link_live: 'live', link_wait: 'connecting…', link_off: 'no connection – trying again',
		well: 'All is well.', pending: 'waiting to be sent', accepted: 'taken by WhatsApp', sent: 'sent',
		delivered: 'delivered', read: 'read', played: 'played', failed: 'failed', unknown: 'not known whether it was sent',
		cancelled: 'cancelled', forbidden: 'You may not do that.', no_net: 'The box does not answer.',
		q: { webhooks: 'Received', messages: 'To send', 'crm-api-whatsapp-inbound': 'Inbox', 'support-bridge-inbound': 'To Chatwoot',
			'support-bridge-crm-mirror': 'Copies to Chatwoot', 'orchestrator-inbound': 'To n8n',
			'support-bridge-outbound': 'Answers to Chatwoot', 'support-bridge-status': 'States to Chatwoot' },
	},
	es: {
		leave: 'Salir', door_title: 'Abrir esta caja',
		door_text: 'Entre con su cuenta. ¿La olvidó? Quien administra la caja puede ayudar: totem user reset-password.',
		setup_text: 'Usted es la primera persona: elija un usuario y una contraseña de al menos 10 caracteres.',
		login: 'Usuario', password: 'Contraseña', code: 'Código del segundo factor (si lo usa)', enter: 'Abrir', door_wrong: 'La sesión terminó: entre otra vez.',
		queues: 'Colas', queue: 'Cola', waiting: 'En espera', active: 'En curso', delayed: 'Después', completed: 'Hechos',
		dead: 'Fallidos', oldest: 'Más antiguo', action: 'Acción', pause: 'Pausar', resume: 'Reanudar', paused: ' en pausa',
		draining: ' vaciándose', send_title: 'Enviar un mensaje', to: 'Para (teléfono con código de país)', text: 'Texto', send: 'Enviar',
		sending: 'Enviando…', messages: 'Últimos mensajes', no_messages: 'Aún no hay mensajes. Lo que escriban los clientes aparecerá aquí solo.',
		docs: 'Referencia de la API', link_live: 'en vivo', link_wait: 'conectando…', link_off: 'sin conexión; reintentando',
		well: 'Todo está bien.', pending: 'esperando el envío', accepted: 'aceptado por WhatsApp', sent: 'enviado',
		delivered: 'entregado', read: 'leído', played: 'escuchado', failed: 'falló', unknown: 'no se sabe si se envió',
		cancelled: 'cancelado', forbidden: 'Usted no puede hacer eso.', no_net: 'La caja no responde.',
		q: { webhooks: 'Recibidos', messages: 'Por enviar', 'crm-api-whatsapp-inbound': 'Bandeja', 'support-bridge-inbound': 'Hacia Chatwoot',
			'support-bridge-crm-mirror': 'Copias a Chatwoot', 'orchestrator-inbound': 'Hacia n8n',
			'support-bridge-outbound': 'Respuestas a Chatwoot', 'support-bridge-status': 'Estados a Chatwoot' },
	},
	pt: {
		leave: 'Sair', door_title: 'Abrir esta caixa',
		door_text: 'Entre com a sua conta. Esqueceu? Quem administra a caixa pode ajudar: totem user reset-password.',
		setup_text: 'Você é a primeira pessoa: escolha um usuário e uma senha de pelo menos 10 caracteres.',
		login: 'Usuário', password: 'Senha', code: 'Código do segundo fator (se usar)', enter: 'Abrir', door_wrong: 'A sessão terminou: entre de novo.',
		queues: 'Filas', queue: 'Fila', waiting: 'Esperando', active: 'Em curso', delayed: 'Depois', completed: 'Feitos',
		dead: 'Falhos', oldest: 'Mais antigo', action: 'Ação', pause: 'Pausar', resume: 'Retomar', paused: ' em pausa',
		draining: ' esvaziando', send_title: 'Enviar uma mensagem', to: 'Para (telefone com código do país)', text: 'Texto', send: 'Enviar',
		sending: 'Enviando…', messages: 'Últimas mensagens', no_messages: 'Ainda não há mensagens. O que os clientes escreverem aparece aqui sozinho.',
		docs: 'Referência da API', link_live: 'ao vivo', link_wait: 'conectando…', link_off: 'sem conexão; tentando de novo',
		well: 'Está tudo bem.', pending: 'esperando o envio', accepted: 'aceita pelo WhatsApp', sent: 'enviada',
		delivered: 'entregue', read: 'lida', played: 'ouvida', failed: 'falhou', unknown: 'não se sabe se foi enviada',
		cancelled: 'cancelada', forbidden: 'Você não pode fazer isso.', no_net: 'A caixa não responde.',
		q: { webhooks: 'Recebidos', messages: 'A enviar', 'crm-api-whatsapp-inbound': 'Caixa de entrada', 'support-bridge-inbound': 'Para o Chatwoot',
			'support-bridge-crm-mirror': 'Cópias ao Chatwoot', 'orchestrator-inbound': 'Para o n8n',
			'support-bridge-outbound': 'Respostas ao Chatwoot', 'support-bridge-status': 'Estados ao Chatwoot' },
	},
};

export const lang = (navigator.languages || ['en']).map(l => l.slice(0, 2).toLowerCase()).find(l => l in WORDS) || 'en';
export const words = WORDS[lang];

/* Fills every element that names a word. */
export function label(root) {
	document.documentElement.lang = lang;
	for (const el of root.querySelectorAll('[data-t]'))
		el.textContent = words[el.dataset.t];
}
