// One Keycloak for every dialect: a request says which of Keycloak's own look-ups is to read its certificate.
// Keycloak itself takes one for the whole server, and a start costs a minute. For tests only.

package ostiary.test;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;
import org.keycloak.Config;
import org.keycloak.http.HttpRequest;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.services.x509.ApacheProxySslClientCertificateLookupFactory;
import org.keycloak.services.x509.EnvoyProxySslClientCertificateLookupFactory;
import org.keycloak.services.x509.HaProxySslClientCertificateLookupFactory;
import org.keycloak.services.x509.NginxProxySslClientCertificateLookupFactory;
import org.keycloak.services.x509.Rfc9440ClientCertificateLookupFactory;
import org.keycloak.services.x509.TraefikProxySslClientCertificateLookupFactory;
import org.keycloak.services.x509.X509ClientCertificateLookup;
import org.keycloak.services.x509.X509ClientCertificateLookupFactory;

public class EveryLookup implements X509ClientCertificateLookupFactory {
    private final Map<String, X509ClientCertificateLookupFactory> factories = new LinkedHashMap<>();

    public EveryLookup() {
        for (X509ClientCertificateLookupFactory one : new X509ClientCertificateLookupFactory[] {
            new NginxProxySslClientCertificateLookupFactory(),
            new HaProxySslClientCertificateLookupFactory(),
            new ApacheProxySslClientCertificateLookupFactory(),
            new Rfc9440ClientCertificateLookupFactory(),
            new TraefikProxySslClientCertificateLookupFactory(),
            new EnvoyProxySslClientCertificateLookupFactory(),
        }) {
            factories.put(one.getId(), one);
        }
    }

    @Override
    public X509ClientCertificateLookup create(KeycloakSession session) {
        return new X509ClientCertificateLookup() {
            @Override
            public X509Certificate[] getCertificateChain(HttpRequest request) throws GeneralSecurityException {
                String wanted = request.getHttpHeaders().getHeaderString("X-Lookup");
                return factories.get(wanted).create(session).getCertificateChain(request);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public String getId() {
        return "every";
    }

    @Override
    public void init(Config.Scope config) {
        factories.forEach((id, one) -> one.init(Config.scope("x509cert-lookup", id)));
    }

    @Override
    public void postInit(KeycloakSessionFactory factory) {
        factories.values().forEach(one -> one.postInit(factory));
    }

    @Override
    public void close() {}
}
