/* pt.ts - a página em português. */
import type { Words } from './en';
import { talk } from './talk.pt';

export const pt: Words = {
	...talk,
	again: 'Tentar de novo', no: 'Não', enter: 'Entrar', leave: 'Sair', leave_unsent: 'Há {n|# mensagem|# mensagens} que a caixa ainda não recebeu: se sair agora, não {n|será enviada|serão enviadas}.', docs: 'Referência da API', language: 'Idioma', theme: 'Aparência',
	theme_auto: 'Como o dispositivo', theme_light: 'Claro', theme_dark: 'Escuro', keys: 'Teclas', more_screens: 'Mais', screens: 'Telas', skip: 'Ir para o conteúdo',
	nobody: 'Este computador', not_found: 'Essa tela não existe.', no_net: 'A caixa não responde. Ela está ligada, e este dispositivo está na rede dela?',
	forbidden: 'Seu papel não permite fazer isso.', link_live: 'ao vivo', link_wait: 'conectando…', link_off: 'sem conexão; tentando de novo',
	login: 'Nome', password: 'Senha', login_code: 'Código do seu telefone', login_wrong: 'O nome ou a senha está errado.',
	login_slow: 'Tentativas erradas demais. Espere {n|# segundo|# segundos}.',
	setup_text: 'Você é a primeira pessoa aqui: escolha um nome e uma senha de pelo menos 10 caracteres.', setup_go: 'Começar',
	setup_link: 'Esta caixa ainda não tem dono. Abra o link que “totem serve” mostrou ao iniciar; “totem user add” também serve.',
	queues: 'Filas', queue: 'Fila', waiting: 'Na espera', active: 'Em curso', delayed: 'Para depois', completed: 'Concluídas', dead: 'Com falha', oldest: 'Mais antiga',
	action: 'Ação', pause: 'Pausar', resume: 'Retomar', 'state.paused': 'em pausa', 'state.draining': 'esvaziando',
	start: 'Início', all_well: 'Está tudo bem.', no_number: 'Ainda não há nenhum número do WhatsApp conectado.', not_well: '{n|# assunto precisa|# assuntos precisam} de atenção.',
	part: 'Parte', state: 'Estado', since: 'Desde', why: 'Por quê', messages: 'Mensagens',
	messages_none: 'Ainda não há mensagens. O que os clientes escreverem aparece aqui sozinho.', to: 'Para (telefone com código do país)',
	text: 'Texto', send: 'Enviar', send_title: 'Enviar uma mensagem', 'status.pending': 'esperando o envio',
	'status.accepted': 'aceita pelo WhatsApp', 'status.sent': 'enviada', 'status.delivered': 'entregue', 'status.read': 'lida',
	'status.played': 'ouvida', 'status.failed': 'falhou', 'status.unknown': 'não se sabe se foi enviada', 'status.cancelled': 'cancelada',
	'state.up': 'funciona', 'state.running': 'funciona', 'state.failing': 'falha', 'state.stopped': 'parado',
	'q.webhooks': 'Recebidos', 'q.messages': 'A enviar', 'q.crm-api-whatsapp-inbound': 'Caixa de entrada', 'q.support-bridge-inbound': 'Para o Chatwoot',
	'q.support-bridge-crm-mirror': 'Cópias ao Chatwoot', 'q.orchestrator-inbound': 'Para o n8n', 'q.support-bridge-outbound': 'Respostas ao Chatwoot',
	'q.support-bridge-status': 'Estados ao Chatwoot', 'q.media': 'Arquivos', 'q.upkeep': 'Manutenção', 'q.message-acts': 'Lido e digitando', 'q.support-bridge-state': 'Estado das conversas ao Chatwoot',
};
