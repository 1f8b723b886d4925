import type { SiteText } from './site-text.ts'

export const ja: SiteText = {
  skip: '本文へ',
  navigation: 'サイト内の項目',
  languages: '言語',
  search: '検索',
  searchHint: '1006、再起動、nginx など',
  nothingFound: '「{query}」に一致するものはありません。',
  footer:
    'このページの内容はすべて、プログラム自身が使う一つの表から作られています。ほかのサーバーには何も問い合わせません。',
  asJson: 'このページの JSON',
  sections: {
    codes: 'クローズコード',
    compare: '比較',
    who: '誰が何を送るか',
    diagnose: '診断',
    frame: 'フレーム',
    tryIt: '試す',
    guide: 'ガイド',
    api: 'API',
  },
  category: 'WebSocket のクローズコード',
  home: {
    title: 'WebSocket のクローズコード：意味と対処',
    description:
      '登録済みの WebSocket クローズコード 19 個、すべての組の比較、接続が終わった理由を調べる道具。',
    intro: 'WebSocket が閉じられ、手元には番号しかありません。その意味、送り主、対処をここで確かめられます。',
    start: '番号が分かっている場合',
    about: {
      codes: '登録済みの各コードについて、意味、現れる場面、直し方、再接続すべきかどうか。',
      compare: '二つのコードを並べ、どちらをいつ使うかを示します。',
      who: 'サーバー、プロキシ、クライアントが停止時や障害時に実際に何をするか。実測の結果です。',
      diagnose:
        'プロキシの設定を貼り付けると、WebSocket を妨げている行が分かります。内容はページの外に送られません。',
      frame: '16 進数、HAR ファイル、キャプチャからフレームを解読し、接続が終わった理由を示します。',
      tryIt:
        '実際のサーバーを停止、強制終了、無応答にして、Holdfast の有無でクライアントから何が見えるかを確かめます。',
      guide: 'Holdfast の使い方。最初の一分から複数台の運用まで。',
      api: '各パッケージのインターフェース。',
    },
  },
  codePage: {
    description: 'WebSocket クローズコード {code} {name}：{meaning}',
    compareWith: '比べる相手',
    inEcosystems: 'ほかではこの番号をどう使うか',
  },
  pairPage: {
    whatItIs: '何を表すか',
    differences: '主な違い',
    common: '共通する点',
    whichToUse: 'どちらをいつ使うか',
    whoSends: '誰が送るか',
    clients: 'クライアントはどう扱うか',
    onTheWire: '通信路の上では',
    linesToWrite: '書くべき行',
    nothingToWrite: '何も書きません。どのプログラムも送らないコードです。',
    notes: '知っておくこと',
    description:
      '{a} と {b} のどちらか。二つの WebSocket クローズコードの違い、現れる場面、直し方、使い分け。',
    often: 'よく比べられる組',
    all: 'すべての組',
    intro: '二つのクローズコードを並べ、違い、現れる場面、どちらを送るかを示します。',
  },
  wire: {
    noFrame: '{code} がフレームに入ることはありません。',
    example: 'サーバーが送る Close フレームを 1 バイトずつ見ると：',
    head: '最後の断片、オペコード 8（Close）、続く長さ',
    number: 'コード {code}（16 ビットの数）',
    reason: '理由（UTF-8）：{reason}',
  },
}
