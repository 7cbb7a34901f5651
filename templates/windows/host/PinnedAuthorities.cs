using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Culvert
{
    /// <summary>
    /// Trusts the authorities of one PEM text and no others, for the installer's requests. It is
    /// here because .NET asks on a thread of its own, where PowerShell cannot answer.
    /// </summary>
    public static class PinnedAuthorities
    {
        private const string Certificate =
            "-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END CERTIFICATE-----";

        // The authorities are not those of Windows: that is what they are pinned for.
        private const X509ChainStatusFlags Expected =
            X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

        /// <summary>What a request asks about the certificate that it was shown.</summary>
        public static RemoteCertificateValidationCallback CheckBy(string pem)
        {
            List<X509Certificate2> pinned = Read(pem);
            return delegate(object sender, X509Certificate shown, X509Chain sent,
                SslPolicyErrors errors)
            {
                const SslPolicyErrors other =
                    SslPolicyErrors.RemoteCertificateNameMismatch |
                    SslPolicyErrors.RemoteCertificateNotAvailable;
                return shown != null && (errors & other) == 0 && LeadsTo(pinned, shown, sent);
            };
        }

        private static bool LeadsTo(
            List<X509Certificate2> pinned, X509Certificate shown, X509Chain sent)
        {
            var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationFlags =
                X509VerificationFlags.AllowUnknownCertificateAuthority;
            foreach (X509Certificate2 authority in pinned)
                chain.ChainPolicy.ExtraStore.Add(authority);
            // Authorities in between, which the server has sent along.
            if (sent != null)
                foreach (X509ChainElement element in sent.ChainElements)
                    chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            chain.Build(new X509Certificate2(shown));
            return chain.ChainStatus.All(status => (status.Status & ~Expected) == 0) &&
                chain.ChainElements.Cast<X509ChainElement>().Any(element =>
                    pinned.Any(authority => authority.RawData.SequenceEqual(
                        element.Certificate.RawData)));
        }

        private static List<X509Certificate2> Read(string pem)
        {
            return Regex.Matches(pem, Certificate).Cast<Match>()
                .Select(match => new X509Certificate2(
                    Convert.FromBase64String(match.Groups[1].Value)))
                .ToList();
        }
    }
}
