// 页面外框：导航、连接、外观、命令面板、快捷键、登录。
import type { Translated } from '../../lib/i18n/translated.ts';
import type { shell as en } from '../en/shell.ts';

export const shell: Translated<typeof en> = {
  skip: '跳到正文',
  navigation: '主导航',
  menu: '菜单',
  nav: {
    overview: '总览',
    jobs: '任务',
    runs: '运行',
    workers: '工作节点',
    cluster: '集群',
    api: 'API 文档',
    classic: '任务（简易页面）',
  },
  connection: {
    connecting: '连接中',
    open: '实时',
    lost: '连接中断，正在重试',
    lostHint: '显示的内容可能已过时。',
    retry: '立即重试',
  },
  scheme: { label: '外观', light: '浅色', dark: '深色', auto: '跟随系统' },
  language: { label: '语言' },
  palette: {
    open: '搜索与命令',
    placeholder: '搜索任务、跳转页面、执行命令',
    nothing: '没有找到',
    pages: '前往',
    jobs: '任务',
    here: '本页',
    look: '外观与语言',
  },
  shortcuts: {
    title: '键盘快捷键',
    open: '显示键盘快捷键',
    general: '通用',
    pages: '前往',
    here: '本页',
    palette: '搜索与命令',
    next: '然后',
    single: '单键快捷键',
    singleHint: '如果妨碍语音输入等工具，可以关闭。',
    goTo: '前往{{page}}',
  },
  signIn: {
    title: '登录',
    explain: '此主节点需要令牌，即其令牌文件中的一行。',
    token: '令牌',
    remember: '在此设备上记住',
    wrong: '主节点不认识这个令牌。',
    submit: '登录',
    signOut: '忘记令牌',
  },
  crash: {
    title: '本页出错了',
    explain: '其他部分仍可使用。发生了：{{message}}',
    reload: '重新加载',
    details: '用于报告问题的详情',
  },
  notFound: { title: '这里什么也没有', explain: '{{path}} 处没有页面。', home: '回到首页' },
};
