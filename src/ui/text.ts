/** Every English sentence that a person reads on a page: translating Postern is translating this file. */

import { html, type Markup } from './markup.ts'

export const text = {
  language: 'en',
  direction: 'ltr',
  footer: 'Guarded by Postern, the door between Claude and this server.',
  frame: {
    pages: 'Pages',
    home: 'Connect',
    account: 'Connected apps',
    console: 'Console',
    signOut: 'Sign out',
    justNow: 'just now',
  },
  /** Several of a kind, as in "3 tools". */
  tools: (count: number): string => (count === 1 ? '1 tool' : `${count} tools`),

  signIn: {
    title: 'Sign in',
    lead: 'With your account on this server.',
    leadForConnection: 'With your account on this server. Then you decide about the connection.',
    username: 'User name',
    password: 'Password',
    submit: 'Sign in',
    wrong: 'That user name and password do not go together. Check both and try again.',
    expired: 'This page had been open for too long, or came from somewhere else. Please try again.',
    wait: (seconds: number): string =>
      `Too many sign-ins have failed. For safety this server waits ${duration(seconds)} before it looks at the next one.`,
    busy: 'This server is busy with other sign-ins. Wait a moment and try again.',
  },

  setup: {
    title: 'Make the first account',
    lead: 'This server has no account yet. The one you make now may approve connections and runs this server.',
    token: 'Setup code',
    tokenHint: 'The part of the setup link after the # sign. Postern printed the link when it started.',
    username: 'User name',
    usernameHint: 'You type it when you sign in.',
    displayName: 'Your name',
    displayNameHint: 'Shown when you approve a connection. May be left empty.',
    password: 'Password',
    passwordHint: (minimum: number): string =>
      `At least ${minimum} characters. Several words in a row are easy to remember and hard to guess.`,
    passwordAgain: 'Password again',
    submit: 'Make the account',
    problems: 'The account was not made. Nothing is lost: mend what is marked below and send it again.',
    linkInvalid:
      'This setup code is not valid, or its time has passed. Each start of Postern prints a new one: start it again and open that link.',
  },

  accountProblem: {
    'username-missing': 'Choose a user name.',
    'username-too-long': 'This user name is too long. At most 64 characters.',
    'username-characters': 'Use letters, digits and . _ - @ + in a user name, without blanks.',
    'username-taken': 'There already is an account with this user name.',
    'display-name-too-long': 'This name is too long. At most 100 characters.',
    'password-too-short': 'This password is too short. It needs at least 8 characters.',
    'password-too-long': 'This password is too long. At most 256 characters.',
    'password-is-username': 'The password must not be the user name.',
    'password-too-common': 'This password is among the first that an attacker tries. Choose another.',
    'passwords-differ': 'The two passwords are not the same. Type both again.',
  },

  consent: {
    pageTitle: 'Allow this connection?',
    title: (client: Markup, connector: Markup): Markup => html`${client} asks to use ${connector}`,
    nameless: 'A client without a name',
    who: 'Asked by',
    whoSelfAsserted: 'It chose this name itself, and nobody has checked it.',
    whoPublishedBy: (host: Markup): Markup => html`Published by ${host}, as that site confirms.`,
    whoRegistered: 'Registered by the operator of this server.',
    where: 'Answer goes to',
    whereHost: 'If you approve, this site receives the access.',
    whereLocal: (address: Markup): Markup => html`Through ${address}`,
    thisDevice: 'A program on this device',
    connector: 'Connector',
    as: 'You are',
    somebodyElse: 'Sign in as somebody else',
    localTitle: 'The request comes from a program on this device.',
    localWarning: (client: Markup): Markup =>
      html`Any program here could say that it is ${client}. Approve only if you have just started to connect it yourself, on this device.`,
    may: 'What it may do',
    always: 'Always included',
    readTools: (count: number): string => `${text.tools(count)} that only ${count === 1 ? 'reads' : 'read'}`,
    changeTools: (count: number): string => `${text.tools(count)} that can make changes`,
    mayDestroy: 'may delete or overwrite',
    noTools: 'No tools at the moment.',
    toolsUnknown: 'The connector has not said yet which tools it has. What you allow here will cover them.',
    approve: 'Approve',
    deny: 'Deny',
    caution: 'Approve only what you started yourself, for a client that you trust.',
  },

  departure: {
    pageTitle: 'One moment',
    title: (provider: Markup): Markup => html`On to ${provider}`,
    lead: (host: Markup): Markup => html`You sign in at ${host} and come back by yourself.`,
    go: 'Continue',
  },

  credential: {
    title: 'Your account there',
    kept: 'Kept encrypted, for you and this connector alone. Whoever runs this server cannot see it on any page.',
    where: 'Where do I find it?',
    stored: (day: Markup): Markup => html`The one that you gave on ${day} will be used.`,
    storedAs: (account: Markup, day: Markup): Markup =>
      html`Your account ${account}, which you gave on ${day}, will be used.`,
    another: 'Use another one',
    accountTitle: (provider: Markup): Markup => html`Your account at ${provider}`,
    accountNew: (provider: Markup): Markup =>
      html`When you approve, you are sent to ${provider} to sign in there, and come back by yourself.`,
    accountStored: (account: Markup | undefined, day: Markup): Markup =>
      account === undefined
        ? html`The account that you connected on ${day} will be used.`
        : html`Your account ${account}, connected on ${day}, will be used.`,
    accountAnother: 'Connect another account instead',
    accountKept: 'Its access is kept encrypted, for you and this connector alone.',
    itSays: (words: string): string => `It says: “${words}”`,
    fault: {
      fields: 'Nothing was saved yet: mend what is marked below.',
      refused: 'The server behind this connector does not accept this. Nothing was saved.',
      unreachable:
        'It could not be checked whether this is right, so nothing was saved. Try again in a moment.',
      'too-many': 'You have tried too often in the last hour. Try again later; nothing was saved.',
      'refused-later':
        'What you gave earlier is not accepted any more by the server behind this connector. Give it another.',
      declined: 'You declined there, so nothing was connected. Approve to try again, or deny.',
      failed:
        'Your account could not be connected. Try again in a moment; if that does not help, tell whoever runs this server.',
      stale: 'This page was for another account. Check that you are who you mean to be, and send it again.',
    },
    fieldProblem: {
      missing: 'This is needed.',
      pattern: 'This does not look as it should. Check it for missing or additional characters.',
      characters: 'Only letters, digits and signs of a plain keyboard can stand here.',
      'too-long': 'This is too long.',
      'not-a-url': 'This is no https address, such as https://example.com.',
    },
  },

  error: {
    reference: 'Error',
    referenceHint: 'Whoever runs this server finds the details in its log under this id.',
    whatToDo: 'What to do',
    unknownClient: {
      title: 'This client is not known here any more',
      what: 'It uses an identity that this server did not give it or no longer has, so nobody was asked and nothing was shared. This happens when the server was moved or set up anew.',
      todo: 'Remove the connector where you added it, and add it again. That gives it a new identity.',
      claude: 'claude.ai, Claude Desktop and mobile',
      claudeSteps: (address: Markup): readonly Markup[] => [
        html`On claude.ai or in Claude Desktop, open <b>Customize › Connectors</b> (or Settings › Connectors), choose this connector, and <b>Remove</b> it.`,
        html`Choose <b>+</b>, then <b>Add custom connector</b>, and paste ${address}`,
        html`Press <b>Connect</b>. Mobile apps follow by themselves.`,
      ],
      claudeCode: 'Claude Code',
      claudeCodeSteps: (remove: Markup, add: Markup): readonly Markup[] => [
        html`In a terminal: ${remove}`,
        html`Then: ${add}`,
        html`Start Claude Code, type <code>/mcp</code>, choose this server and <b>Authenticate</b>. If it was only signed out, <b>Clear authentication</b> there is enough.`,
      ],
      other: 'Any other client',
      otherSteps: (address: Markup): readonly Markup[] => [
        html`Delete this server from the client's settings, with the sign-in that it has stored.`,
        html`Add it again with the address ${address}`,
      ],
    },
    badRequest: {
      title: 'This link does not work',
      what: 'The program that sent you here asked for something that this server cannot do. Nothing was shared.',
      says: 'What is wrong with it',
      todo: [
        'Go back to the program and start to connect once more.',
        'If it fails again, its maker needs to know: send them the sentence above.',
      ],
    },
    notForYou: {
      title: 'This connector is not open to you',
      what: (connector: Markup, username: Markup): Markup =>
        html`You are signed in as ${username}, and whoever runs this server has not opened ${connector} for that account. Nothing was shared.`,
      todo: [
        'If you have another account here, sign in with that one.',
        'Otherwise ask whoever runs this server to let you in.',
      ],
    },
    expired: {
      title: 'This request is no longer open',
      what: 'It was answered already, has waited for too long, or was started in another browser. Nothing was shared by opening this page.',
      todo: ['Go back to where you started, and press Connect again.', 'Finish in the same browser.'],
    },
    notGenuine: {
      title: 'This form could not be accepted',
      what: 'It did not come from a page that this server showed to this browser, so nothing was done.',
      todo: [
        'Go back, reload the page and send it once more.',
        'If it happens again, allow cookies for this site, and open it under exactly one address.',
      ],
    },
    notFound: {
      title: 'There is nothing here',
      what: 'This server has no page at this address.',
      todo: ['Check the address, or begin at the home page of this server.'],
    },
    setupDone: {
      title: 'This server is already set up',
      what: 'The setup link was for the first account, and that has been made.',
      todo: [
        'Sign in with the account that was made.',
        'Lost its password? On the server, run: postern users --help',
      ],
    },
    setupClosed: {
      title: 'The setup link has run out',
      what: 'There is no account yet, and the setup link is valid for half an hour after the start.',
      todo: ['Start Postern again. It prints a new link.', 'Open that link in this browser.'],
    },
    noAccount: {
      title: 'This server has no account yet',
      what: 'Somebody has to make the first account before a connection can be approved.',
      todo: [
        'Look at the terminal or the log of the server: when Postern started it printed a setup link.',
        'Open that link, in this browser, and make the account.',
        'Come back to this page and reload it. The connection goes on from here.',
      ],
    },
    tooMany: {
      title: 'Please wait',
      what: (seconds: number): string =>
        `Too much was asked of this server in a short time. Try again in ${duration(seconds)}.`,
      todo: ['Wait, then reload this page.'],
    },
    serverError: {
      title: 'Something went wrong here',
      what: 'This is a fault of the server, not yours. Nothing was shared.',
      todo: ['Try again in a minute.', 'If it stays, tell whoever runs this server, with the id below.'],
    },
  },

  account: {
    title: 'Connected apps',
    lead: 'What may use this server in your name. Disconnecting works at once; to connect again, begin in that app.',
    disconnected: (app: Markup): Markup =>
      html`${app} is disconnected. It cannot use this server any more until you allow it again.`,
    nothing: 'Nothing is connected.',
    nothingYet: (link: Markup): Markup => html`How to connect an app is on the page ${link}.`,
    connector: 'Uses',
    through: 'Through',
    local: 'A program on a device of yours',
    may: 'May',
    since: 'Since',
    lastUsed: 'Last used',
    never: 'Not yet',
    tools: 'Tools used',
    noTools: 'None so far',
    moreTools: (count: number): string => `${count} more`,
    calls: (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`),
    disconnect: 'Disconnect',
  },

  home: {
    title: (name: Markup): Markup => html`Connect Claude to ${name}`,
    pageTitle: 'Connect Claude',
    lead: 'Give Claude the address below, sign in here once, and choose what it may do.',
    leadForMany:
      'Choose a connector below, give Claude its address, sign in here once, and choose what it may do.',
    leadWithoutAddress:
      'Give Claude the address that whoever runs this server gave you, sign in here once, and choose what it may do.',
    address: 'Connector address',
    addToClaude: 'Add to Claude',
    addTo: (client: string): string => `Add to ${client}`,
    opensClaude: 'Opens claude.ai with the name and the address filled in. Press Add there, then Connect.',
    scan: 'Open this page on a phone',
    scanHint: 'Or to take the address to another computer.',
    copy: 'Copy',
    copied: 'Copied',
    howTo: 'How to add it',
    setupTitle: 'Almost ready.',
    setupWaiting: 'This server has no account yet. Open the setup link that Postern printed when it started.',
    localTitle: 'Only reachable from this computer.',
    localWarning:
      'Claude Code and the Inspector on this computer can use it. claude.ai, Claude Desktop and the mobile apps connect from the internet, and need a public https address: start Postern with --tunnel or --public-url.',
    claude: 'claude.ai and Claude Desktop',
    claudeSteps: (link: Markup): readonly Markup[] => [
      html`Open ${link} (in older versions: Settings › Connectors).`,
      html`Choose <b>+</b>, then <b>Add custom connector</b>.`,
      html`Give it a name, paste the connector address from above, and press <b>Add</b>. Leave the advanced settings empty.`,
      html`Press <b>Connect</b>. This server asks you to sign in and to approve.`,
      html`In a conversation, choose <b>+</b>, then <b>Connectors</b>, and switch it on.`,
    ],
    claudeLink: 'Customize › Connectors',
    mobile: 'Claude on a phone',
    mobileSteps: [
      'A phone uses the connectors of your account, but cannot add one. Add it on claude.ai or in Claude Desktop first.',
      'Open the app again. In a conversation, choose + and switch the connector on.',
    ],
    claudeCode: 'Claude Code',
    claudeCodeSteps: (command: Markup): readonly Markup[] => [
      html`In a terminal: ${command}`,
      html`Start Claude Code and type <code>/mcp</code>. Choose this server, then <b>Authenticate</b>.`,
      html`Sign in and approve in the browser that opens.`,
    ],
    editors: 'Cursor and VS Code',
    editorSteps: (links: Markup): readonly Markup[] => [
      html`Press one of these, and confirm in the editor that opens: ${links}`,
      html`Where it says that it needs authentication, choose <b>Connect</b> (Cursor) or <b>Allow</b> (VS Code), sign in and approve.`,
    ],
    others: 'ChatGPT and others',
    otherSteps: [
      'In ChatGPT, switch on developer mode in the settings, create an app there, and paste the connector address. Choose OAuth.',
      'Any other client that speaks MCP over Streamable HTTP takes the same address, and finds out by itself how to sign in.',
    ],
    inspector: 'MCP Inspector',
    inspectorSteps: (command: Markup): readonly Markup[] => [
      html`In a terminal: ${command}`,
      html`Choose the transport <b>Streamable HTTP</b>, enter the connector address from above, and press <b>Connect</b>.`,
    ],
    trips: 'What trips people',
    tripList: [
      'Phones use the connectors of the account; the apps cannot add one.',
      'Claude Desktop ignores remote servers in claude_desktop_config.json. Add them under Connectors.',
      'The Free plan has room for one custom connector.',
      'On Team and Enterprise an Owner adds the connector for the organisation; then each member connects with an own account.',
      'A connector is switched on for each conversation.',
      'A connector cannot be edited. To change its address, remove it and add it again.',
      '“Allow always” means that Claude will use that tool without asking you again.',
      'Connect only servers that you trust: they see what Claude sends them.',
    ],
  },
} as const

function duration(seconds: number): string {
  if (seconds < 100) return seconds === 1 ? 'one second' : `${seconds} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}
