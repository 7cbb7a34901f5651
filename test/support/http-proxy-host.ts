import {
  type Container,
  type ImageRecipe,
  type Network,
  proxyImage,
  startContainer,
} from './bed/index.ts';

/** A real HTTP proxy on a host of its own: tinyproxy lets everybody in, squid asks for a password. */
export interface HttpProxyHost {
  container: Container;
  /** As CULVERT_HTTP_PROXY takes it. */
  url: string;
  unit: 'tinyproxy' | 'squid';
  /** The password in it, as it is and as it stands there; none where none is asked for. */
  secrets: string[];
}

/** Full of what a URL, a shell, curl and wget each mind. */
const PASSWORD = `p@:/"\\ %'$(id)&é`;

const image: ImageRecipe = {
  name: 'http-proxy',
  suite: 'bookworm',
  packages: [...proxyImage().packages, 'tinyproxy', 'squid', 'openssl'],
  setup: `
    systemctl mask squid tinyproxy
    printf 'Port 3128\\nUser tinyproxy\\nGroup tinyproxy\\nLogFile "/run/tinyproxy/log"\\nTimeout 600\\n' \\
      >/etc/tinyproxy/tinyproxy.conf`,
};

const SQUID = `http_port 3128
auth_param basic program /usr/lib/squid/basic_ncsa_auth /etc/squid/users
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
shutdown_lifetime 1 seconds
cache deny all
`;

/** Starts one of the two, on port 3128. */
export async function startHttpProxyHost(
  network: Network,
  unit: 'tinyproxy' | 'squid',
): Promise<HttpProxyHost> {
  const container = await startContainer({ image, network, name: unit });
  await container.writeFile('/etc/squid/squid.conf', SQUID);
  const hash = await container.output('openssl passwd -apr1 -stdin', { input: `${PASSWORD}\n` });
  await container.writeFile('/etc/squid/users', `cust omer:${hash}`);
  await container.output(`systemctl unmask ${unit} 2>&1; systemctl start ${unit}`);
  await container.output(
    'for n in $(seq 100); do (: </dev/tcp/127.0.0.1/3128) 2>/dev/null && exit; sleep 0.1; done; exit 1',
  );
  const encodedPassword = encodeURIComponent(PASSWORD).replaceAll("'", '%27');
  const login = unit === 'squid' ? `cust%20omer:${encodedPassword}@` : '';
  return {
    container,
    unit,
    url: `http://${login}${unit}:3128`,
    secrets: unit === 'squid' ? [PASSWORD, encodedPassword] : [],
  };
}
