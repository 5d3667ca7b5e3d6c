/* es.ts - la página en español. */
import type { Words } from './en';
import { talk } from './talk.es';

export const es: Words = {
	...talk,
	again: 'Reintentar', no: 'No', enter: 'Entrar', leave: 'Salir', leave_unsent: 'Hay {n|# mensaje|# mensajes} que la caja aún no tiene: si sale ahora, no se {n|envía|envían}.', docs: 'Referencia de la API', language: 'Idioma', theme: 'Aspecto',
	theme_auto: 'Como el dispositivo', theme_light: 'Claro', theme_dark: 'Oscuro', keys: 'Teclas', more_screens: 'Más', screens: 'Pantallas', skip: 'Ir al contenido',
	nobody: 'Este equipo', not_found: 'Esa pantalla no existe.', no_net: 'La caja no responde. ¿Está encendida y este dispositivo está en su red?',
	forbidden: 'Su rol no permite hacer eso.', link_live: 'en vivo', link_wait: 'conectando…', link_off: 'sin conexión; reintentando',
	login: 'Nombre', password: 'Contraseña', login_code: 'Código de su teléfono', login_wrong: 'El nombre o la contraseña no es correcto.',
	login_slow: 'Demasiados intentos fallidos. Espere {n|# segundo|# segundos}.',
	setup_text: 'Usted es la primera persona: elija un nombre y una contraseña de al menos 10 caracteres.', setup_go: 'Empezar',
	setup_link: 'Esta caja aún no tiene dueño. Abra el enlace que mostró «totem serve» al iniciar; también sirve «totem user add».',
	queues: 'Colas', queue: 'Cola', waiting: 'En espera', active: 'En curso', delayed: 'Después', completed: 'Hechos', dead: 'Fallidos', oldest: 'Más antiguo',
	action: 'Acción', pause: 'Pausar', resume: 'Reanudar', 'state.paused': 'en pausa', 'state.draining': 'vaciándose',
	start: 'Inicio', all_well: 'Todo está bien.', no_number: 'Todavía no hay ningún número de WhatsApp conectado.', not_well: '{n|# asunto necesita|# asuntos necesitan} atención.',
	part: 'Parte', state: 'Estado', since: 'Desde', why: 'Por qué', messages: 'Mensajes',
	messages_none: 'Aún no hay mensajes. Lo que escriban los clientes aparecerá aquí solo.', to: 'Para (teléfono con código de país)',
	text: 'Texto', send: 'Enviar', send_title: 'Enviar un mensaje', 'status.pending': 'esperando el envío',
	'status.accepted': 'aceptado por WhatsApp', 'status.sent': 'enviado', 'status.delivered': 'entregado', 'status.read': 'leído',
	'status.played': 'escuchado', 'status.failed': 'falló', 'status.unknown': 'no se sabe si se envió', 'status.cancelled': 'cancelado',
	'state.up': 'funciona', 'state.running': 'funciona', 'state.failing': 'falla', 'state.stopped': 'detenido',
	'q.webhooks': 'Recibidos', 'q.messages': 'Por enviar', 'q.crm-api-whatsapp-inbound': 'Bandeja', 'q.support-bridge-inbound': 'Hacia Chatwoot',
	'q.support-bridge-crm-mirror': 'Copias a Chatwoot', 'q.orchestrator-inbound': 'Hacia n8n', 'q.support-bridge-outbound': 'Respuestas a Chatwoot',
	'q.support-bridge-status': 'Estados a Chatwoot', 'q.media': 'Archivos', 'q.upkeep': 'Mantenimiento', 'q.message-acts': 'Leído y escribiendo', 'q.support-bridge-state': 'Estado de conversaciones a Chatwoot',
};
