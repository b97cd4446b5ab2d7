import i18next from 'i18next'

// Wordings of the list of devices: a page that few people open.
export const zhRegistered = {
  registered: {
    hint: '按国标 GB/T 28181 自行注册到本平台的录像机和摄像机；它们的通道在登记中没有视频流地址时，画面由平台向设备请求',
    device: '设备',
    address: '地址',
    since: '注册时间',
    heard: '最近信号',
    ago: '{{age}}前',
    channels: '通道',
    state: '状态',
    live: '在线',
    silent: '无信号',
    expired: '注册已过期',
    gone: '已注销',
    some: '在线 {{live}} / 共 {{n}} 台',
    empty: '还没有设备注册',
    off: '本节点不接收国标设备',
    offDetail: '启动服务时加上 --sip-listen、--sip-id 和 --camera-network，并在环境变量 WANGLOU_SIP_PASSWORD 中给出口令',
    how: '在设备的“国标/GB28181 接入”页面填写：',
    server: 'SIP 服务器地址',
    serverValue: '本服务器的地址，端口 {{port}}（UDP 或 TCP）',
    id: 'SIP 服务器编号',
    realm: 'SIP 域',
    password: '注册密码',
    passwordValue: '管理员设置的口令；单台设备可用 wanglou camera device-password 另设',
    keepalive: '心跳周期',
    keepaliveValue: '60 秒，超时 3 次',
  },
}

export const enRegistered = {
  registered: {
    hint: 'Recorders and cameras that register here by themselves (GB/T 28181). They are asked for the pictures of their channels that have no stream address in the registry.',
    device: 'Device',
    address: 'Address',
    since: 'Registered',
    heard: 'Last sign',
    ago: '{{age}} ago',
    channels: 'Channels',
    state: 'State',
    live: 'Live',
    silent: 'Silent',
    expired: 'Registration has run out',
    gone: 'Has taken leave',
    some: '{{live}} of {{n}} live',
    empty: 'No device has registered yet',
    off: 'This node hears no devices',
    offDetail: 'Start the server with --sip-listen, --sip-id and --camera-network, and with the password in the environment variable WANGLOU_SIP_PASSWORD.',
    how: 'Enter on the GB28181 page of the device:',
    server: 'SIP server',
    serverValue: 'the address of this server, port {{port}} (UDP or TCP)',
    id: 'SIP server id',
    realm: 'SIP domain',
    password: 'Password',
    passwordValue: 'that of the administrator; wanglou camera device-password gives a device one of its own',
    keepalive: 'Keep-alive',
    keepaliveValue: 'every 60 s, 3 times',
  },
}

i18next.addResourceBundle('zh', 'translation', zhRegistered, true)
i18next.addResourceBundle('en', 'translation', enRegistered, true)
