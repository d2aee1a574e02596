/** What the page says, in English and Russian. The browser's language decides. */
const english = {
  title: 'Chat',
  rooms: 'Rooms',
  openRoom: 'Open a room',
  roomName: 'New room',
  badRoom: 'Letters, digits, - and _, at most 32',
  leaveRoom: (room) => `Leave ${room}`,
  unread: (count) => `${count} unread`,
  here: 'Here now',
  you: 'you',
  people: (count) => (count === 1 ? 'Only you' : `${count} people`),
  tooMany: 'Too many to list.',
  menu: 'Rooms and people',
  theme: 'Light or dark',
  copyLink: 'Copy link',
  copied: 'Copied',
  changeName: 'Change name',
  messages: 'Messages',
  message: 'Message',
  send: 'Send',
  emptyTitle: (room) => `It is quiet in ${room}`,
  emptyText: 'Say something to those who are here, or send somebody the link.',
  newest: 'Newest',
  unreadFrom: 'New',
  joined: (name) => `${name} came in`,
  left: (name) => `${name} left`,
  renamed: (name, before) => `${before} is now ${name}`,
  waiting: 'Waits for the connection',
  sending: 'Sending',
  sent: 'Sent',
  nobody: 'Nobody else is here',
  delivered: (delivered, recipients) => `Delivered to ${delivered} of ${recipients}`,
  gone: (count) => `${count} had left`,
  receipt: 'Open tabs and devices of others that the gateway accepted it for',
  failed: 'Not sent',
  retry: 'Try again',
  connecting: 'Connecting…',
  gap: 'Some messages from the time without a connection are missing here.',
  lost: 'Connection lost. What you write will go out when it is back.',
  tryNow: 'Try now',
  refusedRoom: 'This room cannot be opened now.',
  roomLimit: 'You are in too many rooms: leave one first.',
  welcome: 'Come in',
  welcomeText: 'How shall the others call you?',
  name: 'Your name',
  nameHint: 'In a second tab, another name makes you another person: try it with yourself.',
  enter: 'Enter',
  save: 'Save',
  cancel: 'Cancel',
  today: 'Today',
};

const plural = new Intl.PluralRules('ru');
const form = (count, one, few, many) => ({ one, few })[plural.select(count)] ?? many;

const russian = {
  title: 'Чат',
  rooms: 'Комнаты',
  openRoom: 'Открыть комнату',
  roomName: 'Новая комната',
  badRoom: 'Буквы, цифры, - и _, не больше 32',
  leaveRoom: (room) => `Выйти из ${room}`,
  unread: (count) => `Непрочитанных: ${count}`,
  here: 'Сейчас здесь',
  you: 'вы',
  people: (count) =>
    count === 1 ? 'Только вы' : `${count} ${form(count, 'человек', 'человека', 'человек')}`,
  tooMany: 'Слишком много для списка.',
  menu: 'Комнаты и люди',
  theme: 'Светлая или тёмная тема',
  copyLink: 'Ссылка',
  copied: 'Скопирована',
  changeName: 'Сменить имя',
  messages: 'Сообщения',
  message: 'Сообщение',
  send: 'Отправить',
  emptyTitle: (room) => `В ${room} тихо`,
  emptyText: 'Напишите тем, кто здесь, или пришлите кому-нибудь ссылку.',
  newest: 'К последним',
  unreadFrom: 'Новые',
  joined: (name) => `${name} теперь здесь`,
  left: (name) => `${name} больше не здесь`,
  renamed: (name, before) => `${before} теперь ${name}`,
  waiting: 'Ждёт соединения',
  sending: 'Отправляется',
  sent: 'Отправлено',
  nobody: 'Больше здесь никого нет',
  delivered: (delivered, recipients) => `Доставлено: ${delivered} из ${recipients}`,
  gone: (count) => `уже вышли: ${count}`,
  receipt: 'Открытые вкладки и устройства других, для которых шлюз принял сообщение',
  failed: 'Не отправлено',
  retry: 'Повторить',
  connecting: 'Соединяемся…',
  gap: 'Часть сообщений, пока не было связи, потеряна.',
  lost: 'Связь потеряна. Написанное уйдёт, когда она вернётся.',
  tryNow: 'Сейчас',
  refusedRoom: 'Эту комнату сейчас не открыть.',
  roomLimit: 'Слишком много комнат: сначала выйдите из какой-нибудь.',
  welcome: 'Заходите',
  welcomeText: 'Как вас называть?',
  name: 'Ваше имя',
  nameHint: 'Во второй вкладке с другим именем вы — другой человек: так чат можно попробовать одному.',
  enter: 'Войти',
  save: 'Сохранить',
  cancel: 'Отмена',
  today: 'Сегодня',
};

export const language = /^ru\b/i.test(navigator.language) ? 'ru' : 'en';
export const languages = { en: english, ru: russian };
export const text = languages[language];

// `navigator.language` need not be a language tag: WebKitGTK says `C`.
const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });

export function timeOf(at) {
  return clock.format(at);
}

export function dayOf(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return isToday ? text.today : calendar.format(at);
}

/** Fills in the words of the page itself: `data-text` for content, `data-label` and `data-hint` for attributes. */
export function translatePage() {
  document.documentElement.lang = language;
  document.title = text.title;
  for (const target of document.querySelectorAll('[data-text]'))
    target.textContent = text[target.dataset.text];
  for (const target of document.querySelectorAll('[data-label]')) {
    target.setAttribute('aria-label', text[target.dataset.label]);
    target.title = text[target.dataset.label];
  }
  for (const target of document.querySelectorAll('[data-hint]'))
    target.placeholder = text[target.dataset.hint];
}
