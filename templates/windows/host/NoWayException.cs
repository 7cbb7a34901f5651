using System;

namespace Culvert
{
    /// <summary>Why there is no way to a tunnel server, in plain words.</summary>
    [Serializable]
    internal sealed class NoWayException : Exception
    {
        internal NoWayException(string reason)
            : base(reason)
        {
        }
    }
}
