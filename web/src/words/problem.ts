/* problem.ts - the kinds of refusals of the API (app/api/problem.c), as people read them. */
export const problemEn = {
	'problem.bad-request': 'The request cannot be read.', 'problem.unauthorized': 'Log in first.', 'problem.login-failed': 'The login or the password is wrong.',
	'problem.code-needed': 'A code of the second factor is needed.', 'problem.slow-down': 'Too many calls: wait a moment.', 'problem.csrf': 'This page is out of date: load it again.',
	'problem.forbidden': 'You may not do that.', 'problem.bad-signature': 'The signature is missing or wrong.', 'problem.not-found': 'That is not here (any more).',
	'problem.method-not-allowed': 'The box does not know this call: load the page again.', 'problem.conflict': 'That is not possible in its present state: look at it again.',
	'problem.idempotency-conflict': 'This was sent already, with other content.', 'problem.refused': 'That is not allowed now.', 'problem.window-closed': 'Only a template may be sent to this customer now.',
	'problem.template-unusable': 'This template cannot be sent now.', 'problem.template-unknown': 'The account has no such template.', 'problem.marketing-stopped': 'This customer wants no advertising.',
	'problem.not-possible': 'The provider cannot do this.', 'problem.too-long': 'That is too long or too large.', 'problem.not-json': 'The box could not read this.', 'problem.invalid': 'This value is not possible here.',
	'problem.confirmation-needed': 'This needs a confirmation: look how many it touches and confirm again.', 'problem.busy': 'The box is busy; try again in a moment.', 'problem.disk-low': 'The disk of the box is nearly full.',
	'problem.storage': 'The box cannot write to its disk.', 'problem.damaged': 'The database of the box is damaged.', 'problem.no-server': 'Only a running box can do that.',
	'problem.outcome-unknown': 'It is not known whether this happened; look before trying again.', 'problem.internal': 'The box made a mistake.',
};
export const problemEs: typeof problemEn = {
	'problem.bad-request': 'No se entiende el pedido.', 'problem.unauthorized': 'Primero inicie sesión.', 'problem.login-failed': 'El nombre o la contraseña no es correcto.',
	'problem.code-needed': 'Falta un código del segundo factor.', 'problem.slow-down': 'Demasiados pedidos: espere un momento.', 'problem.csrf': 'Esta página quedó vieja: cárguela de nuevo.',
	'problem.forbidden': 'Usted no puede hacer eso.', 'problem.bad-signature': 'Falta la firma o no es correcta.', 'problem.not-found': 'Eso no está (o ya no está).',
	'problem.method-not-allowed': 'La caja no conoce ese pedido: cargue la página de nuevo.', 'problem.conflict': 'En su estado actual no se puede: mírelo otra vez.',
	'problem.idempotency-conflict': 'Esto ya se envió, con otro contenido.', 'problem.refused': 'Ahora no está permitido.', 'problem.window-closed': 'A este cliente ahora solo se le puede enviar una plantilla.',
	'problem.template-unusable': 'Esta plantilla no se puede enviar ahora.', 'problem.template-unknown': 'La cuenta no tiene esa plantilla.', 'problem.marketing-stopped': 'Este cliente no quiere publicidad.',
	'problem.not-possible': 'El proveedor no puede hacer eso.', 'problem.too-long': 'Es demasiado largo o demasiado grande.', 'problem.not-json': 'La caja no pudo leer esto.', 'problem.invalid': 'Ese valor no es posible acá.',
	'problem.confirmation-needed': 'Hace falta confirmarlo: mire a cuántos toca y confirme otra vez.', 'problem.busy': 'La caja está ocupada; intente de nuevo en un momento.', 'problem.disk-low': 'El disco de la caja está casi lleno.',
	'problem.storage': 'La caja no puede escribir en su disco.', 'problem.damaged': 'La base de datos de la caja está dañada.', 'problem.no-server': 'Solo una caja en marcha puede hacer eso.',
	'problem.outcome-unknown': 'No se sabe si ocurrió; mire antes de intentar otra vez.', 'problem.internal': 'La caja cometió un error.',
};
export const problemPt: typeof problemEn = {
	'problem.bad-request': 'O pedido não pode ser lido.', 'problem.unauthorized': 'Entre primeiro com sua conta.', 'problem.login-failed': 'O nome ou a senha está errado.',
	'problem.code-needed': 'Falta um código do segundo fator.', 'problem.slow-down': 'Pedidos demais: espere um momento.', 'problem.csrf': 'Esta página ficou velha: carregue-a de novo.',
	'problem.forbidden': 'Você não pode fazer isso.', 'problem.bad-signature': 'A assinatura falta ou está errada.', 'problem.not-found': 'Isso não está (mais) aqui.',
	'problem.method-not-allowed': 'A caixa não conhece esse pedido: carregue a página de novo.', 'problem.conflict': 'No estado atual não é possível: olhe de novo.',
	'problem.idempotency-conflict': 'Isto já foi enviado, com outro conteúdo.', 'problem.refused': 'Agora não é permitido.', 'problem.window-closed': 'A este cliente agora só se pode enviar um modelo.',
	'problem.template-unusable': 'Este modelo não pode ser enviado agora.', 'problem.template-unknown': 'A conta não tem esse modelo.', 'problem.marketing-stopped': 'Este cliente não quer publicidade.',
	'problem.not-possible': 'O provedor não pode fazer isso.', 'problem.too-long': 'É longo demais ou grande demais.', 'problem.not-json': 'A caixa não conseguiu ler isto.', 'problem.invalid': 'Esse valor não é possível aqui.',
	'problem.confirmation-needed': 'É preciso confirmar: veja quantos são afetados e confirme de novo.', 'problem.busy': 'A caixa está ocupada; tente de novo em um momento.', 'problem.disk-low': 'O disco da caixa está quase cheio.',
	'problem.storage': 'A caixa não consegue gravar no seu disco.', 'problem.damaged': 'O banco de dados da caixa está danificado.', 'problem.no-server': 'Só uma caixa em funcionamento pode fazer isso.',
	'problem.outcome-unknown': 'Não se sabe se aconteceu; olhe antes de tentar de novo.', 'problem.internal': 'A caixa cometeu um erro.',
};
